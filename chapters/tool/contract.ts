/**
 * What the contract of a chapter adds, as signatures with their doc comments: for files that a learner has already, and that a
 * starter therefore leaves alone. A whole class or interface of which a part was there before adds only what is new in it.
 */
import ts from 'typescript';
import { type Course, chapterAt } from './catalog.ts';
import { Composer } from './compose.ts';
import { isIndex } from './index-file.ts';
import { snapshotBefore } from './starter.ts';
import { brace, declaredNames, type Member, type Named, parse } from './starter-file.ts';

/** What one class, interface or other name of a file gets. */
export interface Addition {
  readonly path: string;
  /** Whether the file begins in this chapter. */
  readonly isNewFile: boolean;
  readonly name: string;
  /** Doc comments and signatures; those of members stand between the lines of their class or interface. */
  readonly text: string;
}

/** What chapter k adds to the contract. */
export function contractAdditions(course: Course, k: number): Addition[] {
  const chapter = chapterAt(course, k);
  const composer = new Composer(course);
  const [before, after] = [snapshotBefore(course, composer, k), composer.snapshot(k)];
  const out: Addition[] = [];
  for (const [path, names] of chapter.contract) {
    if (isIndex(path)) continue;
    const [old, now] = [before.get(path), after.get(path)].map(text => parse(path, text ?? '')) as [Source, Source];
    for (const owner of new Set(names.map(ownerOf))) {
      const node = declarationOf(now, owner);
      const text = node && additionOf(node, now, old, owner, new Set(names));
      if (!node || !text) continue;
      out.push({ path, isNewFile: !before.has(path), name: owner, text });
    }
  }
  return out;
}

type Source = ts.SourceFile;

const ownerOf = (name: string): string => name.split('.')[0] ?? name;

const declarationOf = (source: Source, name: string): ts.Statement | undefined =>
  source.statements.find(statement => declaredNames(statement).includes(name));

/** What is new of a declaration; nothing when all of it was there before. */
function additionOf(
  node: ts.Statement,
  now: Source,
  old: Source,
  owner: string,
  names: ReadonlySet<string>,
): string | undefined {
  const former = declarationOf(old, owner);
  if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node)) {
    const isOld = former !== undefined && signatureOf(former, old) === signatureOf(node, now);
    return isOld ? undefined : docsOf(node, now) + signatureOf(node, now);
  }
  const had = new Set(former === undefined ? [] : membersOf(former).map(member => signatureOf(member, old)));
  const added = membersOf(node)
    .filter(member => names.has(owner) || names.has(`${owner}.${nameOf(member, now)}`))
    .filter(member => !had.has(signatureOf(member, now)))
    .map(member => docsOf(member, now) + signatureOf(member, now));
  if (added.length === 0 && former !== undefined) return undefined;
  const docs = former === undefined ? docsOf(node, now) : '';
  const members = added.map(indented).join(ts.isClassDeclaration(node) ? '\n\n' : '\n');
  return `${docs}${headOf(node, now)}{\n${members}\n}`;
}

const membersOf = (node: ts.Statement): readonly Member[] =>
  ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) ? node.members.filter(isPublic) : [];

function isPublic(member: Member): boolean {
  const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : [];
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword))
    return false;
  const isHidden = member.name !== undefined && ts.isPrivateIdentifier(member.name);
  return !isHidden && !ts.getJSDocTags(member).some(tag => tag.tagName.text === 'internal');
}

const nameOf = (member: Member, source: Source): string => member.name?.getText(source) ?? '';

/** What is to be written for it, without body and doc comment. */
function signatureOf(node: Named | Member, source: Source): string {
  const body = (node as { body?: ts.Node }).body;
  const end = body?.getStart(source) ?? node.end;
  const signature = source.text.slice(node.getStart(source), end).trimEnd();
  return body === undefined ? signature : `${signature};`;
}

const headOf = (node: ts.ClassDeclaration | ts.InterfaceDeclaration, source: Source): string =>
  source.text.slice(node.getStart(source), brace(node, source));

function docsOf(node: ts.Node, source: Source): string {
  const comment = ts.getLeadingCommentRanges(source.text, node.pos)?.at(-1);
  if (comment === undefined) return '';
  return `${source.text.slice(comment.pos, comment.end).replace(/\n\s+\*/g, '\n *')}\n`;
}

const indented = (text: string): string => text.replace(/^ *(?=\S)/gm, spaces => `  ${spaces.replace(/^ {2}/, '')}`);
