/**
 * Carry: an edit of a package, or of a stored text, goes back through the chapters that store an older text of the same symbol.
 *
 * Newest chapter first: what changed between the successor as it was (its hash is in carried.json) and as it is now is merged into the
 * stored text by tokens. The successor's former text comes from what the last sync remembered, or from git.
 * Invariant: a conflict keeps the old text and the old hash, so that the proof stays red until a person has looked.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { type Course, loadCourse } from './catalog.ts';
import { Composer } from './compose.ts';
import { hashOf } from './derive.ts';
import { fitImports } from './imports.ts';
import { merge } from './merge.ts';
import { cut, IMPORTS, label, type Piece } from './pieces.ts';
import { formatStored, parseStored, storedPlace } from './store.ts';
import { successorsOf } from './structure.ts';
import { numberKey } from './writers.ts';

export interface Carry {
  /** Stored files that were rewritten. */
  readonly written: readonly string[];
  /** What was carried: one line each. */
  readonly carried: readonly string[];
  /** What a person has to look at: one line each. */
  readonly conflicts: readonly string[];
  /** `NN path#symbol` -> the hash that stays, for each conflict. */
  readonly unsettled: ReadonlyMap<string, string>;
}

export interface CarryOptions {
  /** `path#symbol`s, or paths, whose stored texts are right as they stand. */
  readonly accept?: readonly string[];
  readonly renames?: ReadonlyMap<string, string>;
}

/** Carry edits back through all chapters. */
export function carry(root: string, options: CarryOptions = {}): Carry {
  const out = {
    written: [] as string[],
    carried: [] as string[],
    conflicts: [] as string[],
    unsettled: new Map<string, string>(),
  };
  const chapters = loadCourse(root).chapters.map(chapter => chapter.number);
  for (const number of chapters.reverse()) {
    // What was carried into a newer chapter is on disk by now, and may be a successor here.
    const course = loadCourse(root);
    carryChapter(course, new Composer(course), number, options, out);
  }
  return out;
}

/** Remember every successor's text, so that the next edit of it can be merged without git. */
export function rememberSuccessors(course: Course, composer: Composer): void {
  for (const path of composer.paths()) {
    const file = composer.file(path);
    for (const { writer } of file.steps) {
      for (const { piece } of successorsOf(composer, file, writer.number)) remember(course.root, piece);
    }
  }
}

interface Result {
  written: string[];
  carried: string[];
  conflicts: string[];
  unsettled: Map<string, string>;
}

function carryChapter(course: Course, composer: Composer, number: number, options: CarryOptions, out: Result): void {
  const known = course.carried.successors[numberKey(number)] ?? {};
  const writer = composer.writers.find(each => each.number === number);
  const chapter = writer?.chapter;
  if (writer === undefined || chapter === undefined) return;
  for (const [path, stored] of writer.stored) {
    const changed = new Map<string, Piece>();
    for (const { id, stored: ours, piece: theirs, home } of successorsOf(composer, composer.file(path), number)) {
      const key = `${path}#${label(id)}`;
      const recorded = known[key];
      const settled =
        options.accept?.some(entry => entry === key || entry === path) === true || isRename(theirs, recorded, options);
      if (recorded === undefined || recorded === hashOf(theirs) || settled) continue;
      const place = storedPlace(chapter, path);
      const base = formerText(course, path, id, recorded, options);
      const rest = (): string => textBeside(composer, path, id, number);
      const merged = base === undefined ? undefined : mergePieces(base, ours, theirs, rest);
      if (merged === undefined) {
        const why = base === undefined ? 'the text before the edit is not in git' : 'both texts changed the same place';
        out.conflicts.push(
          `${place}: \`${label(id)}\`: the edit of ${home} is not carried, ${why}; mend it by hand, then: course sync --accept '${key}'`,
        );
        out.unsettled.set(`${numberKey(number)} ${key}`, recorded);
      } else {
        changed.set(id, merged);
        out.carried.push(`${place}: \`${label(id)}\` took the edit of ${home}`);
      }
    }
    if (changed.size === 0) continue;
    const file = joinPath(chapter.dir, 'src', path);
    writeFileSync(
      file,
      formatStored(
        stored.pieces.map(piece => changed.get(piece.id) ?? piece),
        stored.whole,
      ),
    );
    out.written.push(storedPlace(chapter, path));
  }
}

/** Head and tail of a shell are merged by themselves, and so are the header comment and the imports. */
function mergePieces(base: Piece, ours: Piece, theirs: Piece, rest: () => string): Piece | undefined {
  if (ours.id === IMPORTS) return mergeImports(base, ours, theirs, rest());
  if (base.hole === undefined || ours.hole === undefined || theirs.hole === undefined) {
    const text = merge(base.text, ours.text, theirs.text);
    return text === undefined ? undefined : { id: ours.id, text };
  }
  const head = merge(base.text.slice(0, base.hole), ours.text.slice(0, ours.hole), theirs.text.slice(0, theirs.hole));
  const tail = merge(base.text.slice(base.hole), ours.text.slice(ours.hole), theirs.text.slice(theirs.hole));
  return head === undefined || tail === undefined ? undefined : { id: ours.id, text: head + tail, hole: head.length };
}

/**
 * An older text of a file imports what that text uses, so of an edit of the imports only what it uses too is taken over, and where both
 * changed the same place its own imports stay: a name that is missing then is a type error of the snapshot.
 */
function mergeImports(base: Piece, ours: Piece, theirs: Piece, rest: string): Piece | undefined {
  const [from, own, now] = [base, ours, theirs].map(piece => splitHeader(piece.text)) as [Header, Header, Header];
  const header = merge(from.comment, own.comment, now.comment);
  if (header === undefined) return undefined;
  const imports = merge(from.imports, own.imports, now.imports);
  return { id: ours.id, text: header + (imports === undefined ? own.imports : fitImports(imports, rest)) };
}

interface Header {
  comment: string;
  imports: string;
}

function splitHeader(text: string): Header {
  const at = /^import\b/m.exec(text)?.index ?? text.length;
  return { comment: text.slice(0, at), imports: text.slice(at) };
}

/** The file as it stands in snapshot `number`, without one of its pieces. */
function textBeside(composer: Composer, path: string, id: string, number: number): string {
  const pieces = composer.file(path).at(number, [])?.pieces ?? [];
  return pieces
    .filter(piece => piece.id !== id)
    .map(piece => piece.text)
    .join('');
}

/** The piece with this hash: remembered, or found in the history of the package file or of a stored one. */
function formerText(course: Course, path: string, id: string, hash: string, options: CarryOptions): Piece | undefined {
  const memory = joinPath(course.root, '.proof', 'texts', `${hash}.json`);
  if (existsSync(memory)) return rename(JSON.parse(readFileSync(memory, 'utf8')) as Piece, options);
  const places = [path, ...course.chapters.map(chapter => storedPlace(chapter, path))];
  for (const place of places) {
    for (const text of versionsInGit(course.root, place)) {
      const piece = pieceOf(text, place, id);
      if (piece !== undefined && hashOf(piece) === hash) return rename(piece, options);
    }
  }
  return undefined;
}

function* versionsInGit(root: string, path: string): Generator<string> {
  const log = spawnSync('git', ['log', '-n', '100', '--format=%H', '--', path], { cwd: root, encoding: 'utf8' });
  for (const commit of (log.stdout ?? '').split('\n').filter(line => line !== '')) {
    const show = spawnSync('git', ['show', `${commit}:${path}`], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 16 * 1024 * 1024,
    });
    if (show.status === 0) yield show.stdout;
  }
}

function pieceOf(text: string, place: string, id: string): Piece | undefined {
  try {
    const pieces = place.startsWith('chapters/') ? parseStored(text, place).pieces : cut(text, { path: place });
    return pieces.find(piece => piece.id === id);
  } catch {
    return undefined;
  }
}

function rename(piece: Piece, options: CarryOptions): Piece {
  let text = piece.text;
  for (const [from, to] of options.renames ?? []) text = renameWord(text, from, to);
  return piece.hole === undefined
    ? { ...piece, text }
    : { ...piece, text, hole: piece.hole + (text.length - piece.text.length) };
}

/** Did nothing but the names change, which are renamed in the stored text too? */
function isRename(theirs: Piece, recorded: string | undefined, options: CarryOptions): boolean {
  const back = new Map([...(options.renames ?? [])].map(([from, to]): [string, string] => [to, from]));
  return back.size > 0 && recorded === hashOf(rename(theirs, { renames: back }));
}

/** Every whole word `from` becomes `to`. */
export function renameWord(text: string, from: string, to: string): string {
  const escaped = from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replace(new RegExp(`(?<![\\w$#])${escaped}(?![\\w$])`, 'g'), to);
}

function remember(root: string, piece: Piece): void {
  const file = joinPath(root, '.proof', 'texts', `${hashOf(piece)}.json`);
  if (existsSync(file)) return;
  mkdirSync(joinPath(root, '.proof', 'texts'), { recursive: true });
  writeFileSync(file, JSON.stringify(piece));
}
