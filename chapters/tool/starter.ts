/**
 * The starter of a chapter, for those who build by themselves: the contract's signatures and docs, with bodies that throw.
 *
 * A file that begins in this chapter is laid out as its contract: types and simple constants as they are, functions and methods with
 * `throw new Error('chapter 07: Database.recover')`. What the learner has is never touched: what the contract asks of an existing file is
 * listed by `missingContract`. How the inside is built is the learner's.
 * Invariants: (1) every starter file can be imported; (2) it imports only files that exist in the folder or are starters themselves.
 */
import { posix } from 'node:path';
import ts from 'typescript';
import { type Chapter, type Course, chapterAt, twoDigits } from './catalog.ts';
import { Composer, type Snapshot } from './compose.ts';
import { filterIndex, isIndex } from './index-file.ts';
import { givenPaths } from './steps.ts';

/** A name of the contract that a folder does not have yet. */
export interface MissingName {
  readonly path: string;
  readonly name: string;
  /** Doc comment and signature, to be shown. */
  readonly signature: string;
}

/** The files to lay out at the start of chapter k in build mode: path -> text. Files of earlier chapters are not among them. */
export function starterFiles(
  course: Course,
  k: number,
  composer: Composer = new Composer(course),
): Map<string, string> {
  const chapter = chapterAt(course, k);
  const before = snapshotBefore(course, composer, k);
  const after = composer.snapshot(k);
  const out = givenFiles(chapter, after);
  const builder = new Builder(chapter, before, after, out);
  for (const [path, names] of chapter.contract) {
    if (after.has(path) && !before.has(path) && !out.has(path) && !isIndex(path)) builder.want(path, names);
  }
  builder.run();
  const all = new Map([...before, ...out]);
  for (const [path, text] of composer.packages) {
    if (!isIndex(path) || before.has(path) || !composer.indexExists(path, k)) continue;
    const index = filterIndex(path, text, all);
    if (index !== undefined) out.set(path, index);
  }
  return out;
}

/** What chapter k gives whole. */
export function givenFiles(chapter: Chapter, snapshot: Snapshot): Map<string, string> {
  const out = new Map<string, string>();
  for (const path of givenPaths(chapter.given)) {
    const text = snapshot.get(path);
    if (text !== undefined) out.set(path, text);
  }
  return out;
}

/** Snapshot k-1, empty before the first chapter. */
export function snapshotBefore(course: Course, composer: Composer, k: number): Snapshot {
  const previous = course.chapters.filter(chapter => chapter.number < k).at(-1);
  return previous === undefined ? new Map() : composer.snapshot(previous.number);
}

/** What chapter k's contract asks for and the folder does not have. `read` answers the folder's text of a path. */
export function missingContract(course: Course, k: number, read: (path: string) => string | undefined): MissingName[] {
  const chapter = chapterAt(course, k);
  const after = new Composer(course).snapshot(k);
  const out: MissingName[] = [];
  for (const [path, names] of chapter.contract) {
    const reference = parse(path, after.get(path) ?? '');
    const have = parse(path, read(path) ?? '');
    for (const name of names) {
      if (find(have, name) === undefined) out.push({ path, name, signature: signatureOf(reference, name) });
    }
  }
  return out;
}

type Named = ts.Statement | ts.ClassElement;

class Builder {
  readonly chapter: Chapter;
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly out: Map<string, string>;
  readonly wanted = new Map<string, Set<string>>();

  constructor(chapter: Chapter, before: Snapshot, after: Snapshot, out: Map<string, string>) {
    this.chapter = chapter;
    this.before = before;
    this.after = after;
    this.out = out;
  }

  want(path: string, names: Iterable<string>): boolean {
    const set = this.wanted.get(path) ?? new Set<string>();
    const size = set.size;
    for (const name of names) set.add(name);
    this.wanted.set(path, set);
    return set.size > size;
  }

  /** Files that the contract's files import from this chapter become starters too, until nothing is added. */
  run(): void {
    for (let more = true; more; ) {
      more = false;
      for (const [path, names] of [...this.wanted]) {
        const file = new StarterFile(path, this.after.get(path) ?? '', this.chapter);
        const { text, imports } = file.print(names, target => this.before.has(target) || this.after.has(target));
        this.out.set(path, text);
        for (const [target, wanted] of imports) {
          const fresh =
            !this.before.has(target) && this.after.has(target) && !givenPaths(this.chapter.given).has(target);
          if (fresh && !isIndex(target)) more = this.want(target, wanted) || more;
        }
      }
    }
  }
}

class StarterFile {
  readonly path: string;
  readonly source: ts.SourceFile;
  readonly chapter: Chapter;

  constructor(path: string, text: string, chapter: Chapter) {
    this.path = path;
    this.source = parse(path, text);
    this.chapter = chapter;
  }

  print(
    names: ReadonlySet<string>,
    exists: (path: string) => boolean,
  ): { text: string; imports: Map<string, string[]> } {
    const parts = this.#closure(names);
    const body = parts.map(part => part.text).join('\n');
    const used = new Set(body.match(/[A-Za-z_$][\w$]*/g) ?? []);
    const imports = new Map<string, string[]>();
    const lines: string[] = [];
    for (const node of this.source.statements) {
      if (!ts.isImportDeclaration(node)) continue;
      const kept = this.#import(node, used, exists);
      if (kept === undefined) continue;
      lines.push(kept.text);
      if (kept.target !== undefined) imports.set(kept.target, kept.names);
    }
    const head = this.#header();
    const text = [head, lines.join('\n'), body].filter(part => part !== '').join('\n\n');
    return { text: `${text.trimEnd()}\n`, imports };
  }

  /** The statements of the contract, with the types and constants of the file that they name. */
  #closure(names: ReadonlySet<string>): { text: string }[] {
    const wanted = new Set([...names].map(name => name.split('.')[0] ?? name));
    const printed = new Map<ts.Statement, string>();
    for (let more = true; more; ) {
      more = false;
      for (const node of this.source.statements) {
        const own = declaredNames(node);
        if (printed.has(node) || !own.some(name => wanted.has(name))) continue;
        const text = this.#statement(node, names);
        printed.set(node, text);
        more = true;
        for (const word of text.match(/[A-Za-z_$][\w$]*/g) ?? []) if (this.#isLocal(word)) wanted.add(word);
      }
    }
    return this.source.statements.flatMap(node => {
      const text = printed.get(node);
      return text === undefined ? [] : [{ text: `${text.trim()}\n` }];
    });
  }

  #isLocal(word: string): boolean {
    return this.source.statements.some(node => !ts.isImportDeclaration(node) && declaredNames(node).includes(word));
  }

  #statement(node: ts.Statement, names: ReadonlySet<string>): string {
    if (ts.isFunctionDeclaration(node)) return this.#withBody(node, node.body, node.name?.text ?? 'default');
    if (ts.isClassDeclaration(node)) return this.#class(node, names);
    if (ts.isVariableStatement(node)) return this.#variable(node);
    return this.#text(node);
  }

  #class(node: ts.ClassDeclaration, names: ReadonlySet<string>): string {
    const name = node.name?.text ?? 'default';
    const whole = names.has(name);
    const head = this.#docs(node) + this.#slice(node.getStart(this.source), brace(node, this.source) + 1);
    const members: string[] = [];
    for (const member of node.members) {
      const text = this.#member(name, member, whole, names, node.heritageClauses !== undefined);
      if (text !== undefined) members.push(text);
    }
    return `${head}\n${members.join('\n\n')}\n}`;
  }

  #member(
    owner: string,
    member: ts.ClassElement,
    whole: boolean,
    names: ReadonlySet<string>,
    derived: boolean,
  ): string | undefined {
    if (isPrivate(member)) return undefined;
    if (ts.isConstructorDeclaration(member)) {
      if (member.body === undefined) return undefined;
      const parent = derived ? superCall(member.body, this.source) : undefined;
      return this.#withBody(member, member.body, `new ${owner}`, '  ', parent);
    }
    const name = member.name?.getText(this.source) ?? '';
    if (!whole && !names.has(`${owner}.${name}`)) return undefined;
    if (ts.isPropertyDeclaration(member)) return `  ${this.#field(member)}`;
    const body = ts.isMethodDeclaration(member) || ts.isAccessor(member) ? member.body : undefined;
    return this.#withBody(member, body, `${owner}.${name}`, '  ');
  }

  #field(member: ts.PropertyDeclaration): string {
    const text = this.#text(member).trim();
    if (member.initializer === undefined || isPlain(member.initializer)) return text;
    const cut = text.length - (member.end - member.initializer.getFullStart());
    return `${text.slice(0, cut).replace(/\s*=?\s*$/, '')};`;
  }

  #variable(node: ts.VariableStatement): string {
    const declaration = node.declarationList.declarations[0];
    const value = declaration?.initializer;
    if (declaration === undefined || value === undefined || isPlain(value)) return this.#text(node);
    const name = declaration.name.getText(this.source);
    const head = this.#docs(node) + this.#slice(node.getStart(this.source), value.getStart(this.source));
    if (ts.isArrowFunction(value)) {
      const signature = this.#slice(value.getStart(this.source), value.body.getStart(this.source)).trimEnd();
      return `${head}${signature} {\n  ${this.#refusal(name)}\n};`;
    }
    // A table or an object: laid out as nothing, so that the file can be imported.
    return `${head}undefined as never; // chapter ${twoDigits(this.chapter.number)}: ${name}`;
  }

  /** `first` is a statement that has to come before the refusal. */
  #withBody(node: Named, body: ts.Block | undefined, name: string, indent = '', first?: string): string {
    const docs = this.#docs(node);
    const start = node.getStart(this.source);
    if (body === undefined) return indent + docs + this.#slice(start, node.end);
    const lines = [...(first === undefined ? [] : [first]), this.#refusal(name)].map(line => `${indent}  ${line}\n`);
    return `${indent}${docs}${this.#slice(start, body.getStart(this.source))}{\n${lines.join('')}${indent}}`;
  }

  #refusal(name: string): string {
    return `throw new Error('chapter ${twoDigits(this.chapter.number)}: ${name}');`;
  }

  #import(
    node: ts.ImportDeclaration,
    used: ReadonlySet<string>,
    exists: (path: string) => boolean,
  ): { text: string; target: string | undefined; names: string[] } | undefined {
    const module = (node.moduleSpecifier as ts.StringLiteral).text;
    const target = module.startsWith('.') ? posix.join(posix.dirname(this.path), module) : undefined;
    if (target !== undefined && !exists(target)) return undefined;
    const clause = node.importClause;
    const named = clause?.namedBindings;
    if (clause === undefined) return undefined;
    if (named === undefined || !ts.isNamedImports(named)) {
      const name = named === undefined ? clause.name?.text : named.name.text;
      return name !== undefined && used.has(name) ? { text: node.getText(this.source), target, names: [] } : undefined;
    }
    const kept = named.elements.filter(element => used.has(element.name.text));
    if (kept.length === 0) return undefined;
    const type = clause.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'import type' : 'import';
    const list = kept.map(element => element.getText(this.source)).join(', ');
    const names = kept.map(element => (element.propertyName ?? element.name).text);
    return { text: `${type} { ${list} } from '${module}';`, target, names };
  }

  #header(): string {
    const first = this.source.statements[0];
    const end = first?.getStart(this.source) ?? this.source.text.length;
    const comments = (ts.getLeadingCommentRanges(this.source.text, 0) ?? []).filter(comment => comment.end <= end);
    const header = comments[0];
    const alone = header !== undefined && (first === undefined || ts.isImportDeclaration(first) || comments.length > 1);
    return alone ? this.#slice(header.pos, header.end) : '';
  }

  /** The doc comments right above a declaration, with the indent of what follows. */
  #docs(node: Named): string {
    const start = node.getStart(this.source);
    const comments = ts.getLeadingCommentRanges(this.source.text, node.pos) ?? [];
    const last = comments.at(-1);
    return last === undefined ? '' : this.#slice(last.pos, start);
  }

  #text(node: Named): string {
    return this.#docs(node) + node.getText(this.source);
  }

  #slice(from: number, to: number): string {
    return this.source.text.slice(from, to);
  }
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

function brace(node: ts.ClassDeclaration, source: ts.SourceFile): number {
  return source.text.indexOf(
    '{',
    node.heritageClauses?.at(-1)?.end ?? node.typeParameters?.end ?? node.name?.end ?? node.pos,
  );
}

/** A derived class has to reach its parent before it may refuse. */
function superCall(body: ts.Block, source: ts.SourceFile): string | undefined {
  const call = body.statements.find(
    node =>
      ts.isExpressionStatement(node) &&
      ts.isCallExpression(node.expression) &&
      node.expression.expression.kind === ts.SyntaxKind.SuperKeyword,
  );
  return call?.getText(source);
}

function declaredNames(node: ts.Statement): string[] {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.flatMap(declaration =>
      ts.isIdentifier(declaration.name) ? [declaration.name.text] : [],
    );
  }
  const name = (node as ts.Statement & { name?: ts.Node }).name;
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

function isPrivate(member: ts.ClassElement): boolean {
  if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return true;
  const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : [];
  const hidden = modifiers.some(m => m.kind === ts.SyntaxKind.PrivateKeyword);
  return hidden && !ts.isConstructorDeclaration(member);
}

/** A value that says itself: literals, and sums and lists of them and of names. Anything that runs code is not. */
function isPlain(node: ts.Expression): boolean {
  if (ts.isCallExpression(node) || ts.isNewExpression(node) || ts.isFunctionLike(node) || ts.isAwaitExpression(node)) {
    return ts.isCallExpression(node) && node.expression.getText() === 'Object.freeze' && node.arguments.every(isPlain);
  }
  let plain = true;
  ts.forEachChild(node, child => {
    if (ts.isMethodDeclaration(child) || ts.isAccessor(child)) plain = false;
    else if (ts.isPropertyAssignment(child)) plain &&= isPlain(child.initializer);
    else if (ts.isExpression(child)) plain &&= isPlain(child);
  });
  return plain;
}

/** The declaration of `name` or `Class.member`. */
function find(source: ts.SourceFile, name: string): Named | undefined {
  const [owner = '', member] = name.split('.');
  const node = source.statements.find(statement => declaredNames(statement).includes(owner));
  if (member === undefined || node === undefined) return node;
  if (ts.isClassDeclaration(node)) return node.members.find(each => each.name?.getText(source) === member);
  return undefined;
}

function signatureOf(source: ts.SourceFile, name: string): string {
  const node = find(source, name);
  if (node === undefined) return name;
  const comments = ts.getLeadingCommentRanges(source.text, node.pos) ?? [];
  const docs = comments.map(comment => source.text.slice(comment.pos, comment.end)).at(-1);
  const body = (node as { body?: ts.Node }).body;
  const end = body?.getStart(source) ?? (ts.isClassDeclaration(node) ? brace(node, source) : node.end);
  const signature = source.text.slice(node.getStart(source), end).trimEnd();
  return docs === undefined ? signature : `${docs.replace(/\n\s+\*/g, '\n *')}\n${signature}`;
}
