/**
 * The JavaScript edition of a state: types erased, `.ts` become `.js`, formatted like the rest.
 *
 * ts-blank-space writes blanks over every type, so that names, order and comments stay; what then is left to do is to drop the lines that
 * became empty, declarations of types with the comments that belong to them, and imports of nothing. Biome closes the holes.
 * Invariants: (1) a file that holds types only has no JavaScript; nobody imports it; (2) the same text always gives the same JavaScript.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { blankSourceFile } from 'ts-blank-space';
import ts from 'typescript';
import { REPOSITORY } from './catalog.ts';

/** The path of a file in the JavaScript edition. */
export const jsPath = (path: string): string => path.replace(/\.ts$/, '.js');

/** The JavaScript edition of a whole state. */
export function javascriptOf(files: ReadonlyMap<string, string>): Map<string, string> {
  const [out] = javascriptOfAll([files]);
  return out ?? new Map();
}

/** The JavaScript editions of many states, with one start of the formatter. */
export function javascriptOfAll(states: readonly ReadonlyMap<string, string>[]): Map<string, string>[] {
  const erased = states.map(files => {
    const typesOnly = new Set([...files].filter(([path, text]) => holdsTypesOnly(path, text)).map(([path]) => path));
    const kept = [...files].filter(([path]) => !typesOnly.has(path));
    return kept.map(([path, text]): [string, string] => [path, erase(path, text, typesOnly)]);
  });
  const formatted = formatAll(erased.flat().map(([, text]) => text));
  return erased.map(files => {
    const named = files.map(([path, text]): [string, string] => [jsPath(path), formatted.get(text) ?? text]);
    return new Map(named.filter(([, text]) => text.trim() !== '').sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/**
 * A file whose interfaces and types are comments above its code, for stubs: who writes JavaScript has to know the fields and methods too.
 * A file of types only stays as it is.
 */
export function typesAsComments(path: string, text: string): string {
  const source = parse(path, text);
  const types = source.statements.filter(node => ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node));
  const first = source.statements.find(node => !ts.isImportDeclaration(node));
  if (types.length === 0 || first === undefined || holdsTypesOnly(path, text)) return text;
  const ranges = types.map(node => withComments(node, source, false));
  const commented = ranges.map(({ from, to }) => text.slice(from, to).replace(/^/gm, '// ').replace(/ +$/gm, ''));
  const above = withComments(first, source, false).from;
  let code = '';
  let at = above;
  for (const { from, to } of ranges) {
    code += text.slice(at, from);
    at = to;
  }
  code += text.slice(at);
  const block = ['// In TypeScript:', ...commented.join('\n//\n').split('\n')].join('\n');
  return `${text.slice(0, above)}${block}\n\n${code.trimStart()}`;
}

const parses = new Map<string, ts.SourceFile>();

function parse(path: string, text: string): ts.SourceFile {
  const known = parses.get(text);
  if (known !== undefined) return known;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TS);
  parses.set(text, source);
  return source;
}

/** Has nothing that runs: types, and imports for them. An import for its effect alone would run. */
function holdsTypesOnly(path: string, text: string): boolean {
  const statements = parse(path, text).statements;
  const declares = statements.some(node => !ts.isImportDeclaration(node));
  return (
    declares &&
    statements.every(node => isErased(node) || (ts.isImportDeclaration(node) && node.importClause !== undefined))
  );
}

/** Types erased; not formatted yet. */
function erase(path: string, text: string, typesOnly: ReadonlySet<string>): string {
  const source = parse(path, text);
  const gone: Range[] = [];
  for (const node of source.statements) {
    if (isErased(node) || leadsToTypes(node, path, typesOnly)) gone.push(withComments(node, source, gone.length === 0));
  }
  for (const member of erasedMembers(source)) gone.push(withComments(member, source, false));
  const blanked = [...blankSourceFile(source)];
  // ts-blank-space answers text of the same length, so that positions in it are positions in the source.
  for (const { from, to } of gone) for (let at = from; at < to; at++) if (blanked[at] !== '\n') blanked[at] = ' ';
  return renameModules(path, dropEmptied(text, blanked.join('')));
}

interface Range {
  from: number;
  to: number;
}

function isErased(node: ts.Statement): boolean {
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  if (ts.isImportDeclaration(node)) return importsTypesOnly(node);
  if (ts.isExportDeclaration(node)) return exportsTypesOnly(node);
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(m => m.kind === ts.SyntaxKind.DeclareKeyword);
}

function importsTypesOnly(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  if (clause.name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.length > 0 && named.elements.every(element => element.isTypeOnly);
}

function exportsTypesOnly(node: ts.ExportDeclaration): boolean {
  if (node.isTypeOnly) return true;
  const clause = node.exportClause;
  if (clause === undefined || !ts.isNamedExports(clause)) return false;
  return clause.elements.length > 0 && clause.elements.every(element => element.isTypeOnly);
}

/** An import or export from a file that the JavaScript edition does not have. */
function leadsToTypes(node: ts.Statement, path: string, typesOnly: ReadonlySet<string>): boolean {
  if (!ts.isImportDeclaration(node) && !ts.isExportDeclaration(node)) return false;
  const from = node.moduleSpecifier;
  if (from === undefined || !ts.isStringLiteral(from)) return false;
  return typesOnly.has(posix.join(posix.dirname(path), from.text));
}

/** Members of classes that leave no trace: declared and abstract ones, index signatures. */
function erasedMembers(source: ts.SourceFile): ts.ClassElement[] {
  const out: ts.ClassElement[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) {
      for (const member of node.members) {
        const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : [];
        const erased = modifiers.some(
          m => m.kind === ts.SyntaxKind.DeclareKeyword || m.kind === ts.SyntaxKind.AbstractKeyword,
        );
        if (erased || ts.isIndexSignatureDeclaration(member)) out.push(member);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return out;
}

/** The node with the comments that stand right above it. The file's header, which a blank line parts from what follows, stays. */
function withComments(node: ts.Node, source: ts.SourceFile, first: boolean): Range {
  const text = source.text;
  let from = node.getStart(source);
  for (const comment of (ts.getLeadingCommentRanges(text, node.pos) ?? []).reverse()) {
    const between = text.slice(comment.end, from);
    const isHeader = first && source.statements[0] === node && ts.isImportDeclaration(node);
    if (/\n[ \t]*\n/.test(between) || isHeader) break;
    from = comment.pos;
  }
  return { from, to: node.end };
}

/** Lines that held something and hold nothing any more go; lines that were empty stay. */
function dropEmptied(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return now
    .filter((line, index) => line.trim() !== '' || (old[index] ?? '').trim() === '')
    .map(line => line.trimEnd())
    .join('\n');
}

/** `./record.ts` becomes `./record.js` where a module is named, and in comments. */
function renameModules(path: string, text: string): string {
  const source = ts.createSourceFile(jsPath(path), text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.JS);
  const names: ts.StringLiteralLike[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
      if (ts.isStringLiteral(node.moduleSpecifier)) names.push(node.moduleSpecifier);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      pushPath(node.arguments[0], names);
    else if (ts.isNewExpression(node) && node.expression.getText(source) === 'URL')
      pushPath(node.arguments?.[0], names);
    ts.forEachChild(node, visit);
  };
  visit(source);
  let out = text;
  for (const name of names.sort((a, b) => b.end - a.end)) {
    const inner = name.getText(source);
    out =
      out.slice(0, name.getStart(source)) +
      inner.replace(/^(['"`][.#][^'"`]*)\.ts(['"`])$/, '$1.js$2') +
      out.slice(name.end);
  }
  const lines = out
    .split('\n')
    .map(line => (/^\s*(\*|\/\/|\/\*)/.test(line) ? line.replace(/\b([\w/-]+)\.ts\b/g, '$1.js') : line));
  return lines.join('\n');
}

function pushPath(node: ts.Expression | undefined, names: ts.StringLiteralLike[]): void {
  if (node !== undefined && ts.isStringLiteralLike(node)) names.push(node);
}

const BIOME = {
  root: true,
  formatter: { indentStyle: 'space', indentWidth: 2, lineWidth: 120 },
  javascript: { formatter: { quoteStyle: 'single', arrowParentheses: 'asNeeded' } },
  linter: { enabled: false },
  assist: { enabled: false },
};

const formattedTexts = new Map<string, string>();

/** Each text formatted, by the text. Texts of this process and of earlier ones are remembered. */
function formatAll(texts: readonly string[]): Map<string, string> {
  const todo = [...new Set(texts)].filter(text => !formattedTexts.has(text));
  for (const text of todo) {
    const file = join(MEMORY, `${keyOf(text)}.js`);
    if (existsSync(file)) formattedTexts.set(text, readFileSync(file, 'utf8'));
  }
  runBiome(todo.filter(text => !formattedTexts.has(text)));
  return formattedTexts;
}

const MEMORY = join(REPOSITORY, '.proof', 'js');
const keyOf = (text: string): string =>
  createHash('sha256').update(JSON.stringify(BIOME)).update(text).digest('hex').slice(0, 32);

function runBiome(texts: readonly string[]): void {
  if (texts.length === 0) return;
  const dir = mkdtempSync(join(tmpdir(), 'zerocask-format-'));
  try {
    writeFileSync(join(dir, 'biome.json'), JSON.stringify(BIOME));
    for (const text of texts) writeFileSync(join(dir, `${keyOf(text)}.js`), text);
    const result = spawnSync(process.execPath, [biomeProgram(), 'format', '--write', '--max-diagnostics=5', '.'], {
      cwd: dir,
      encoding: 'utf8',
    });
    if (result.status !== 0)
      throw new Error(`the JavaScript edition can't be formatted: ${result.stderr}${result.stdout}`);
    for (const text of texts) {
      const formatted = readFileSync(join(dir, `${keyOf(text)}.js`), 'utf8');
      formattedTexts.set(text, formatted);
      remember(text, formatted);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Written beside and renamed, so that another process never reads half of it. A folder that can't be written costs time only. */
function remember(text: string, formatted: string): void {
  try {
    mkdirSync(MEMORY, { recursive: true });
    const file = join(MEMORY, `${keyOf(text)}.js`);
    writeFileSync(`${file}.${process.pid}`, formatted);
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // Read-only clone: the next process formats again.
  }
}

function biomeProgram(): string {
  const manifest = createRequire(import.meta.url).resolve('@biomejs/biome/package.json');
  return join(dirname(manifest), 'bin', 'biome');
}
