/**
 * One file of a starter: the declarations of the contract, with the types and constants that they name and the imports that they use.
 *
 * Types and values that say themselves stay as they are; functions and methods keep doc and signature and refuse; the private parts of a
 * class are left out. An object keeps its methods, which refuse; any other value that would have to be computed is laid out as nothing, so
 * that the file can be imported.
 */
import { posix } from 'node:path';
import ts from 'typescript';
import { type Chapter, twoDigits } from './catalog.ts';

/** A statement or a member of a class. */
export type Named = ts.Statement | ts.ClassElement;

/** A member of a class or an interface. */
export type Member = ts.ClassElement | ts.TypeElement;

/** Prints the starter of one file. */
export class StarterFile {
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
      const parent = derived ? superCall(member, this.source) : undefined;
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
    const object = withoutTypes(value);
    if (ts.isObjectLiteralExpression(object) && object.properties.every(isNamed)) {
      const members = object.properties.map(property => `  ${this.#property(name, property)},\n`).join('');
      return `${head}${this.#slice(value.getStart(this.source), object.getStart(this.source))}{\n${members}}${this.#slice(object.end, node.end)}`;
    }
    // A table: laid out as nothing, so that the file can be imported.
    return `${head}undefined as never; // chapter ${twoDigits(this.chapter.number)}: ${name}`;
  }

  /** A property of an object: a function refuses, a value that says itself stays. */
  #property(owner: string, node: ts.ObjectLiteralElementLike): string {
    const name = `${owner}.${node.name?.getText(this.source) ?? ''}`;
    if (ts.isMethodDeclaration(node) || ts.isAccessor(node)) return this.#withBody(node, node.body, name, '  ').trim();
    if (!ts.isPropertyAssignment(node) || isPlain(node.initializer)) return this.#text(node).trim();
    const value = node.initializer;
    const docs = this.#docs(node) + this.#slice(node.getStart(this.source), value.getStart(this.source));
    if (!ts.isArrowFunction(value) && !ts.isFunctionExpression(value)) return `${docs}undefined as never`;
    const signature = this.#slice(value.getStart(this.source), value.body.getStart(this.source)).trimEnd();
    return `${docs}${signature} {\n    ${this.#refusal(name)}\n  }`;
  }

  /** `first` is a statement that has to come before the refusal. */
  #withBody(node: ts.Node, body: ts.Block | undefined, name: string, indent = '', first?: string): string {
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
  #docs(node: ts.Node): string {
    const start = node.getStart(this.source);
    const comments = ts.getLeadingCommentRanges(this.source.text, node.pos) ?? [];
    const last = comments.at(-1);
    return last === undefined ? '' : this.#slice(last.pos, start);
  }

  #text(node: ts.Node): string {
    return this.#docs(node) + node.getText(this.source);
  }

  #slice(from: number, to: number): string {
    return this.source.text.slice(from, to);
  }
}

/** A file as the compiler sees it. */
export function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** Where the body of a class or an interface begins. */
export function brace(node: ts.ClassDeclaration | ts.InterfaceDeclaration, source: ts.SourceFile): number {
  return source.text.indexOf(
    '{',
    node.heritageClauses?.at(-1)?.end ?? node.typeParameters?.end ?? node.name?.end ?? node.pos,
  );
}

/** A derived class has to reach its parent before it may refuse. What the reference works out for it first is not there. */
function superCall(node: ts.ConstructorDeclaration, source: ts.SourceFile): string | undefined {
  const parameters = new Set(node.parameters.map(parameter => parameter.name.getText(source)));
  for (const statement of node.body?.statements ?? []) {
    const call = ts.isExpressionStatement(statement) ? statement.expression : undefined;
    if (!call || !ts.isCallExpression(call) || call.expression.kind !== ts.SyntaxKind.SuperKeyword) continue;
    const given = call.arguments.map(each => each.getText(source));
    return `super(${given.map(each => (parameters.has(each) ? each : 'undefined as never')).join(', ')});`;
  }
  return undefined;
}

/** The names that a statement declares. */
export function declaredNames(node: ts.Statement): string[] {
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

/** The value itself, without `as const`, `satisfies T` and brackets around it. */
function withoutTypes(node: ts.Expression): ts.Expression {
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node))
    return withoutTypes(node.expression);
  return node;
}

const isNamed = (node: ts.ObjectLiteralElementLike): boolean => !ts.isSpreadAssignment(node);

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
