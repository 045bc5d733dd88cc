/**
 * Pieces: a TypeScript file cut into the parts that the course moves about.
 *
 * `imports` is the header comment with the imports, `Name{` a class's shell (doc comment, fields, constructor, braces), `Name.method` one
 * member that runs, and every other top-level statement goes by its name. Comments and blank lines above a piece belong to it.
 * Invariants: (1) every byte of the file is in exactly one piece: `join(cut(text)) === text`;
 *             (2) ids are unique in a file; (3) the members of a class stand right after its shell.
 * Left out: any understanding of what the code does. Pieces know names and bytes only.
 */
import ts from 'typescript';
import { memberName, nameOf, runs } from './piece-names.ts';

/** One part of a file. `hole` is set on a class's shell: the offset in `text` at which the members stand. */
export interface Piece {
  readonly id: string;
  readonly text: string;
  readonly hole?: number;
}

/** How a file is to be read. `header: false` says that the file is a fragment: comments at its top belong to its first declaration. */
export interface CutOptions {
  readonly header?: boolean;
  readonly path?: string;
}

/** The id of the piece that holds the header comment and the imports. */
export const IMPORTS = 'imports';

/** Is this the id of a class's shell? */
export const isShell = (id: string): boolean => id.endsWith('{');

/** The id as people write it: a shell goes by the name of its class. */
export const label = (id: string): string => (isShell(id) ? id.slice(0, -1) : id);

/** The class to which a piece belongs, `undefined` for a piece that stands at the top level. */
export function ownerOf(id: string): string | undefined {
  const dot = id.indexOf('.');
  return dot > 0 && /^[\w$]+$/.test(id.slice(0, dot)) && !id.includes(':') && !id.includes('(')
    ? id.slice(0, dot)
    : undefined;
}

/** Are these the same piece of text? */
export const samePiece = (a: Piece | undefined, b: Piece | undefined): boolean =>
  a?.text === b?.text && a?.hole === b?.hole;

/** The id that `name` stands for among `ids`: `Database` means the shell `Database{` where there is one. */
export function resolveId(name: string, ids: Iterable<string>): string | undefined {
  let found: string | undefined;
  for (const id of ids) {
    if (id === name) return id;
    if (id === `${name}{`) found = id;
  }
  return found;
}

/**
 * Cut a file into its pieces, in the order in which they stand.
 * @throws {SyntaxError} when the file does not parse; the message gives path, line and column.
 */
export function cut(text: string, options: CutOptions = {}): Piece[] {
  const path = options.path ?? 'file.ts';
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false);
  assertParsed(source, path);
  const cutter = new Cutter(text, source);
  return cutter.run(options.header ?? true);
}

/** The file that these pieces make. */
export function join(pieces: Iterable<Piece>): string {
  let text = '';
  let open: { name: string; tail: string } | undefined;
  const close = (): void => {
    text += open?.tail ?? '';
    open = undefined;
  };
  for (const piece of pieces) {
    if (open !== undefined && ownerOf(piece.id) !== open.name) close();
    text += piece.hole === undefined ? piece.text : piece.text.slice(0, piece.hole);
    if (piece.hole !== undefined) open = { name: label(piece.id), tail: piece.text.slice(piece.hole) };
  }
  close();
  return text;
}

/** A stretch of a file and the piece that it belongs to; a shell has two, around its members. */
export interface Span {
  readonly id: string;
  readonly text: string;
  /** True for the part of a shell that closes the class. */
  readonly closing: boolean;
}

/** The pieces laid out in file order, shells split around their members: the texts joined are the file. */
export function spans(pieces: Iterable<Piece>): Span[] {
  const out: Span[] = [];
  let open: { name: string; span: Span } | undefined;
  const close = (): void => {
    if (open !== undefined && open.span.text !== '') out.push(open.span);
    open = undefined;
  };
  for (const piece of pieces) {
    if (open !== undefined && ownerOf(piece.id) !== open.name) close();
    const text = piece.hole === undefined ? piece.text : piece.text.slice(0, piece.hole);
    out.push({ id: piece.id, text, closing: false });
    if (piece.hole !== undefined) {
      open = { name: label(piece.id), span: { id: piece.id, text: piece.text.slice(piece.hole), closing: true } };
    }
  }
  close();
  return out;
}

/** Number of lines of a piece that are not empty. */
export const codeLines = (text: string): number => text.split('\n').filter(line => line.trim() !== '').length;

function assertParsed(source: ts.SourceFile, path: string): void {
  const problems = (source as unknown as { parseDiagnostics: ts.DiagnosticWithLocation[] }).parseDiagnostics;
  const first = problems[0];
  if (first === undefined) return;
  const { line, character } = source.getLineAndCharacterOfPosition(first.start);
  throw new SyntaxError(
    `${path}:${line + 1}:${character + 1}: ${ts.flattenDiagnosticMessageText(first.messageText, ' ')}`,
  );
}

interface Mark {
  id: string;
  end: number;
  cls?: ts.ClassDeclaration;
}

class Cutter {
  readonly text: string;
  readonly source: ts.SourceFile;
  readonly pieces: Piece[] = [];
  readonly used = new Set<string>();
  at = 0;

  constructor(text: string, source: ts.SourceFile) {
    this.text = text;
    this.source = source;
  }

  run(header: boolean): Piece[] {
    const marks = this.marks();
    const headerEnd = header ? this.headerEnd() : this.importsEnd();
    if (headerEnd > 0) this.take(IMPORTS, headerEnd);
    for (const mark of marks) {
      if (mark.cls === undefined) this.take(mark.id, mark.end);
      else this.takeClass(mark.cls, mark.end);
    }
    this.takeRest();
    return this.pieces;
  }

  /** Top-level statements after the imports; neighbours of one name (overloads, a type beside its value) are one. */
  marks(): Mark[] {
    const marks: Mark[] = [];
    for (const node of this.source.statements) {
      if (node.end <= this.importsEnd()) continue;
      const id = nameOf(node, this.source);
      const last = marks.at(-1);
      const end = this.lineEnd(node.end);
      if (ts.isClassDeclaration(node) && node.name !== undefined) marks.push({ id, end, cls: node });
      else if (last !== undefined && last.cls === undefined && (last.id === id || ts.isEmptyStatement(node)))
        last.end = end;
      else marks.push({ id, end });
    }
    return marks;
  }

  importsEnd(): number {
    let end = 0;
    for (const node of this.source.statements) {
      if (!ts.isImportDeclaration(node) && !ts.isImportEqualsDeclaration(node)) break;
      end = this.lineEnd(node.end);
    }
    return end;
  }

  /** Without imports the header is every comment above the last blank line before the first statement. */
  headerEnd(): number {
    const imports = this.importsEnd();
    if (imports > 0) return imports;
    const first = this.source.statements[0];
    if (first === undefined) return this.text.length;
    const start = first.getStart(this.source);
    let end = 0;
    for (const comment of ts.getLeadingCommentRanges(this.text, shebangEnd(this.text)) ?? []) {
      if (comment.end > start) break;
      const lineEnd = this.lineEnd(comment.end);
      if (/^[ \t]*\n/.test(this.text.slice(lineEnd))) end = lineEnd;
    }
    return Math.max(end, shebangEnd(this.text));
  }

  takeClass(node: ts.ClassDeclaration, end: number): void {
    const name = node.name?.text ?? 'default';
    const firstMethod = node.members.findIndex(runs);
    const fields = firstMethod < 0 ? node.members : node.members.slice(0, firstMethod);
    const lastField = fields[fields.length - 1];
    const headEnd = this.lineEnd(lastField?.end ?? this.openBrace(node));
    const head = this.text.slice(this.at, headEnd);
    const shell = this.pieces.length;
    this.at = headEnd;
    this.pieces.push({ id: this.unique(`${name}{`), text: head, hole: head.length });
    if (firstMethod >= 0) this.takeMembers(name, node.members.slice(firstMethod));
    this.pieces[shell] = { id: `${name}{`, text: head + this.text.slice(this.at, end), hole: head.length };
    this.at = end;
  }

  takeMembers(name: string, members: readonly ts.ClassElement[]): void {
    let last: { id: string; end: number } | undefined;
    for (const member of members) {
      const id = `${name}.${memberName(member, this.source)}`;
      const end = this.lineEnd(member.end);
      if (last !== undefined && (last.id === id || ts.isSemicolonClassElement(member))) {
        last.end = end;
        continue;
      }
      if (last !== undefined) this.take(last.id, last.end);
      last = { id, end };
    }
    if (last !== undefined) this.take(last.id, last.end);
  }

  openBrace(node: ts.ClassDeclaration): number {
    const from = node.heritageClauses?.at(-1)?.end ?? node.typeParameters?.end ?? node.name?.end ?? node.pos;
    return this.text.indexOf('{', from) + 1;
  }

  take(id: string, end: number): void {
    this.pieces.push({ id: this.unique(id), text: this.text.slice(this.at, end) });
    this.at = end;
  }

  /** Comments below the last statement belong to it. */
  takeRest(): void {
    if (this.at === this.text.length) return;
    const rest = this.text.slice(this.at);
    const last = this.pieces.pop();
    if (last === undefined) this.pieces.push({ id: IMPORTS, text: rest });
    else if (ownerOf(last.id) === undefined) this.pieces.push({ ...last, text: last.text + rest });
    else {
      this.pieces.push(last);
      const shell = this.pieces.findIndex(piece => piece.id === `${ownerOf(last.id)}{`);
      const piece = this.pieces[shell];
      if (piece !== undefined) this.pieces[shell] = { ...piece, text: piece.text + rest };
    }
  }

  /** The end of the line on which a piece ends, if nothing but a comment follows there; else the end itself. */
  lineEnd(end: number): number {
    const rest = /^[ \t]*(?:;[ \t]*)?(?:\/\/[^\n]*|\/\*[^\n]*?\*\/[ \t]*)?(?:\n|$)/.exec(
      this.text.slice(end, end + 2000),
    );
    return rest === null ? end : end + rest[0].length;
  }

  unique(id: string): string {
    let name = id;
    for (let count = 2; this.used.has(name); count++) name = `${id}~${count}`;
    this.used.add(name);
    return name;
  }
}

function shebangEnd(text: string): number {
  return text.startsWith('#!') ? text.indexOf('\n') + 1 : 0;
}
