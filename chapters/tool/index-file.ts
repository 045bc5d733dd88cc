/**
 * The public door of a package, `index.ts`, in a state of the course: the package's own text, filtered to the names that exist.
 *
 * Only `export { names } from './file.ts'` is filtered; any other statement stays. A statement that loses names is printed anew the way
 * Biome prints it, so that a snapshot is formatted like the package.
 */
import { posix } from 'node:path';
import ts from 'typescript';
import { cut } from './pieces.ts';

const LINE_WIDTH = 120;

/** Is this path an index file, composed by filter and never stored? */
export const isIndex = (path: string): boolean => /^(engine|redis-compat)\/src\/(.+\/)?index\.ts$/.test(path);

/** `text` with only the names that `files` export; `undefined` when none of them does. */
export function filterIndex(path: string, text: string, files: ReadonlyMap<string, string>): string | undefined {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false);
  const kept: Statement[] = [];
  let blank = false;
  let names = 0;
  for (const node of source.statements) {
    const leading = text.slice(node.pos, node.getStart(source));
    // The blank line above a group outlives the first statement of the group.
    blank ||= /\n[ \t]*\n/.test(kept.length === 0 ? '' : leading);
    const printed = printStatement(node, source, path, files);
    if (printed === undefined) continue;
    names += printed.names;
    kept.push({ leading, text: printed.text, blank });
    blank = false;
  }
  if (names === 0) return undefined;
  return assemble(kept, header(text, source)) + text.slice(source.statements.at(-1)?.end ?? text.length);
}

interface Statement {
  leading: string;
  text: string;
  blank: boolean;
}

/** The comment that belongs to the file and not to its first statement. */
function header(text: string, source: ts.SourceFile): string {
  const first = source.statements[0];
  if (first === undefined) return '';
  const leading = text.slice(0, first.getStart(source));
  const blank = /^[\s\S]*\n[ \t]*\n/.exec(leading);
  if (blank !== null) return blank[0];
  return leading.startsWith('/**') ? leading : '';
}

function assemble(statements: readonly Statement[], head: string): string {
  let out = head;
  for (const [index, statement] of statements.entries()) {
    const comments =
      statement.leading.startsWith(head) && head !== '' ? statement.leading.slice(head.length) : statement.leading;
    const own = comments.replace(/^\s+/, '');
    if (index > 0) out += statement.blank ? '\n\n' : '\n';
    out += own + statement.text;
  }
  return out;
}

function printStatement(
  node: ts.Statement,
  source: ts.SourceFile,
  path: string,
  files: ReadonlyMap<string, string>,
): { text: string; names: number } | undefined {
  if (!ts.isExportDeclaration(node) || node.moduleSpecifier === undefined)
    return { text: node.getText(source), names: 0 };
  const target = posix.join(posix.dirname(path), (node.moduleSpecifier as ts.StringLiteral).text);
  const file = files.get(target);
  if (file === undefined) return undefined;
  if (node.exportClause === undefined || !ts.isNamedExports(node.exportClause))
    return { text: node.getText(source), names: 1 };
  const existing = exportedNames(file, target);
  const all = node.exportClause.elements;
  const kept = all.filter(element => existing.has((element.propertyName ?? element.name).text));
  if (kept.length === 0) return undefined;
  if (kept.length === all.length) return { text: node.getText(source), names: kept.length };
  const type = node.isTypeOnly ? 'export type' : 'export';
  return {
    text: print(
      type,
      kept.map(element => element.getText(source)),
      node.moduleSpecifier.getText(source),
    ),
    names: kept.length,
  };
}

function print(keyword: string, names: readonly string[], from: string): string {
  const line = `${keyword} { ${names.join(', ')} } from ${from};`;
  if (line.length <= LINE_WIDTH) return line;
  return `${keyword} {\n${names.map(name => `  ${name},\n`).join('')}} from ${from};`;
}

/** The names that a module has at its top level, whether it exports them or passes them on. */
function exportedNames(text: string, path: string): Set<string> {
  const names = new Set<string>();
  for (const piece of cut(text, { path })) names.add(piece.id.replace(/\{$/, ''));
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false);
  for (const node of source.statements) {
    if (ts.isExportDeclaration(node) && node.exportClause !== undefined && ts.isNamedExports(node.exportClause)) {
      for (const element of node.exportClause.elements) names.add(element.name.text);
    }
    if (ts.isVariableStatement(node)) {
      for (const declaration of node.declarationList.declarations) {
        if (ts.isIdentifier(declaration.name)) names.add(declaration.name.text);
      }
    }
  }
  return names;
}
