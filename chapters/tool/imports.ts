/**
 * The imports of an older version of a file: those of the newer one, without the names that the older version does not use.
 *
 * So a package may import what a later chapter needs, and the snapshots before it do not see that. An import for its effect stays. What
 * is printed anew is printed the way Biome prints it.
 */
import ts from 'typescript';

const LINE_WIDTH = 120;

/** The imports piece `text` with only the names that `rest`, the rest of the file, uses. The same text when it uses all of them. */
export function fitImports(text: string, rest: string): string {
  const source = ts.createSourceFile('imports.ts', text, ts.ScriptTarget.Latest, true);
  const used = new Set(withoutComments(rest).match(/[\w$]+/g) ?? []);
  let out = text;
  for (const node of [...source.statements].reverse()) {
    if (!ts.isImportDeclaration(node) || node.importClause === undefined) continue;
    const printed = fitDeclaration(node, source, used);
    if (printed === node.getText(source)) continue;
    const first = node === source.statements[0];
    // The header comment stands above the first import and stays when that goes.
    const from = printed === '' && !first ? node.pos : node.getStart(source);
    const end = printed === '' && first ? lineEnd(text, node.end) : node.end;
    out = out.slice(0, from) + printed + out.slice(end);
  }
  return out;
}

function fitDeclaration(node: ts.ImportDeclaration, source: ts.SourceFile, used: ReadonlySet<string>): string {
  const clause = node.importClause;
  const named = clause?.namedBindings;
  const name = clause?.name?.text;
  if (clause === undefined) return node.getText(source);
  if (named === undefined || ts.isNamespaceImport(named)) {
    const own = named === undefined ? name : named.name.text;
    return own !== undefined && !used.has(own) ? '' : node.getText(source);
  }
  const kept = named.elements.filter(element => used.has(element.name.text));
  if (kept.length === named.elements.length) return node.getText(source);
  if (kept.length === 0 && (name === undefined || !used.has(name))) return '';
  const keyword = clause.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'import type' : 'import';
  const lead = name === undefined ? keyword : `${keyword} ${name},`;
  return print(
    lead,
    kept.map(element => element.getText(source)),
    node.moduleSpecifier.getText(source),
  );
}

function print(lead: string, names: readonly string[], from: string): string {
  const line = `${lead} { ${names.join(', ')} } from ${from};`;
  if (line.length <= LINE_WIDTH) return line;
  return `${lead} {\n${names.map(name => `  ${name},\n`).join('')}} from ${from};`;
}

/** A name in a comment is not used; one in a doc link is not either. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/(^|\s)\/\/.*$/gm, ' ');

const lineEnd = (text: string, at: number): number => (text[at] === '\n' ? at + 1 : at);
