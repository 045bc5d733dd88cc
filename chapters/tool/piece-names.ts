/**
 * The names of pieces: what a statement or a member of a class is called.
 *
 * A declaration goes by its name, a statement without one by its head: `main()`, `export:./record.ts`, `if`.
 */
import ts from 'typescript';

/** A member that is a piece of its own: what runs when it is called. Fields and the constructor belong to the shell. */
export function runs(member: ts.ClassElement): boolean {
  return ts.isMethodDeclaration(member) || ts.isGetAccessor(member) || ts.isSetAccessor(member);
}

/** The name of a member, `constructor` and `static` where it has none. */
export function memberName(member: ts.ClassElement, source: ts.SourceFile): string {
  if (ts.isConstructorDeclaration(member)) return 'constructor';
  if (member.name === undefined) return 'static';
  const text = member.name.getText(source);
  return text.startsWith('[') ? text.replace(/\s+/g, '') : text.replace(/^['"]|['"]$/g, '');
}

/** The name of a top-level statement. */
export function nameOf(node: ts.Statement, source: ts.SourceFile): string {
  if (ts.isVariableStatement(node)) return bindingName(node.declarationList.declarations[0]?.name, source);
  if (ts.isExportDeclaration(node)) return `export:${moduleName(node) ?? 'names'}`;
  if (ts.isExportAssignment(node)) return 'default';
  if (ts.isExpressionStatement(node)) return `${headOf(node.expression, source)}()`;
  const named = node as ts.Statement & { name?: ts.Node };
  if (named.name !== undefined) return named.name.getText(source).replace(/^['"]|['"]$/g, '');
  if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) return 'default';
  return (/^\w+/.exec(node.getText(source)) ?? ['statement'])[0];
}

function bindingName(name: ts.BindingName | undefined, source: ts.SourceFile): string {
  if (name === undefined) return 'const';
  if (ts.isIdentifier(name)) return name.text;
  for (const element of name.elements) if (ts.isBindingElement(element)) return bindingName(element.name, source);
  return 'const';
}

function headOf(node: ts.Expression, source: ts.SourceFile): string {
  const text = node.getText(source).replace(/^(await|void)\s+/, '');
  return (/^[\w$.]+/.exec(text) ?? ['statement'])[0];
}

function moduleName(node: ts.ExportDeclaration): string | undefined {
  return node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)
    ? node.moduleSpecifier.text
    : undefined;
}
