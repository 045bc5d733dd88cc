/**
 * Compose: the state of the code at the end of a chapter, from the packages and the texts that chapters store.
 *
 * A symbol exists in snapshot k when a chapter <= k writes it. Its text is that of the newest such chapter: what that chapter stores if a
 * later one writes the symbol again, else the package's. The order of symbols is the package's, or that of the next version that is stored
 * whole. Every `index.ts` is filtered to the names that exist. `pending` counts as a chapter after the last one.
 * Invariant: snapshots hold whole files only; what cannot be composed is a problem with its place, never a guess.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { type Chapter, type Course, CourseError, listFiles, PACKAGES, twoDigits, type Write } from './catalog.ts';
import { filterIndex, isIndex } from './index-file.ts';
import { cut, join, label, type Piece, resolveId } from './pieces.ts';
import { readSketches, readStored, type Stored, storedPlace } from './store.ts';

/** Path in the repository -> text, in the order of paths. */
export type Snapshot = ReadonlyMap<string, string>;

/** The number under which `pending` sorts behind every chapter. */
export const PENDING: number = Number.POSITIVE_INFINITY;

/** One writer of symbols: a chapter, or `pending`. */
export interface Writer {
  readonly number: number;
  readonly name: string;
  readonly chapter: Chapter | undefined;
  readonly writes: ReadonlyMap<string, Write>;
  readonly removes: readonly string[];
  readonly stored: ReadonlyMap<string, Stored>;
}

/** The pieces of a file in one state, and for each the place where its text stands. */
export interface FileState {
  readonly pieces: readonly Piece[];
  readonly homes: ReadonlyMap<string, string>;
}

/** The course with everything that composing needs already read. */
export class Composer {
  readonly course: Course;
  readonly problems: string[] = [];
  readonly packages: ReadonlyMap<string, string>;
  readonly writers: readonly Writer[];
  readonly sketches: ReadonlyMap<number, ReadonlyMap<string, string>>;
  readonly #packagePieces = new Map<string, readonly Piece[]>();
  readonly #files = new Map<string, FileHistory>();
  readonly #snapshots = new Map<number, Snapshot>();

  /** @param instead texts that stand for those of the packages */
  constructor(course: Course, instead: ReadonlyMap<string, string> = new Map()) {
    this.course = course;
    this.packages = new Map([...readPackages(course.root), ...instead]);
    const chapters = course.chapters.map(chapter => chapterWriter(chapter, this.problems));
    this.writers = [...chapters, pendingWriter(course)];
    this.sketches = new Map(course.chapters.map(chapter => [chapter.number, readSketches(chapter)]));
  }

  /** The pieces of a package file, none when the package has no such file. */
  packagePieces(path: string): readonly Piece[] {
    let pieces = this.#packagePieces.get(path);
    if (pieces === undefined) {
      pieces = this.#cutPackage(path);
      this.#packagePieces.set(path, pieces);
    }
    return pieces;
  }

  /** Every path that the packages or a chapter know, sorted; index files and sketches are not among them. */
  paths(): string[] {
    const all = new Set<string>(this.packages.keys());
    for (const writer of this.writers) for (const path of writer.writes.keys()) all.add(path);
    return [...all].filter(path => !isIndex(path) && !path.startsWith('sketch/')).sort();
  }

  file(path: string): FileHistory {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = new FileHistory(path, this);
      this.#files.set(path, file);
    }
    return file;
  }

  /** Snapshot k; problems go to `problems`. */
  snapshot(k: number): Snapshot {
    const known = this.#snapshots.get(k) ?? this.#compose(k);
    this.#snapshots.set(k, known);
    return known;
  }

  #compose(k: number): Snapshot {
    const out = new Map<string, string>();
    for (const path of this.paths()) {
      const state = this.file(path).at(k, this.problems);
      if (state !== undefined && state.pieces.length > 0) out.set(path, join(state.pieces));
    }
    for (const [chapter, files] of this.sketches) {
      if (chapter <= k) for (const [path, text] of files) out.set(path, text);
    }
    for (const [path, text] of this.packages) {
      if (!isIndex(path) || !this.indexExists(path, k)) continue;
      const filtered = filterIndex(path, text, out);
      if (filtered !== undefined) out.set(path, filtered);
    }
    return new Map([...out].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** An index file exists from the chapter on that writes it. */
  indexExists(path: string, k: number): boolean {
    return this.writers.some(writer => writer.number <= k && writer.writes.has(path));
  }

  #cutPackage(path: string): readonly Piece[] {
    const text = this.packages.get(path);
    if (text === undefined) return [];
    try {
      return cut(text, { path });
    } catch (error) {
      this.problems.push((error as Error).message);
      return [];
    }
  }
}

/** What the chapters do to one file. */
export class FileHistory {
  readonly path: string;
  readonly composer: Composer;
  /** Writers of the file, oldest first, with the ids that each writes. */
  readonly steps: readonly { writer: Writer; ids: ReadonlySet<string>; gone: ReadonlySet<string> | 'file' }[];

  constructor(path: string, composer: Composer) {
    this.path = path;
    this.composer = composer;
    const touching = composer.writers.filter(writer => writer.writes.has(path) || goneIn(writer, path) !== undefined);
    this.steps = touching.map(writer => ({
      writer,
      ids: this.#idsOf(writer, touching),
      gone: goneIn(writer, path) ?? new Set<string>(),
    }));
  }

  /** The file at the end of chapter k, `undefined` when it does not exist then. */
  at(k: number, problems: string[]): FileState | undefined {
    const steps = this.steps.filter(step => step.writer.number <= k);
    const newest = steps.at(-1);
    if (newest === undefined) return undefined;
    const alive = this.#alive(steps);
    if (alive.size === 0) return undefined;
    const base = this.#baseFrom(newest.writer.number);
    const byId = new Map(base.pieces.map(piece => [piece.id, piece]));
    for (const [id, writer] of alive) {
      if (!byId.has(id)) problems.push(this.#unknown(id, writer, base.place));
    }
    const pieces: Piece[] = [];
    const homes = new Map<string, string>();
    for (const { id } of base.pieces) {
      const writer = alive.get(id);
      const found = writer === undefined ? undefined : this.#text(id, writer, problems);
      if (found === undefined) continue;
      pieces.push(found.piece);
      homes.set(id, found.home);
    }
    return { pieces, homes };
  }

  /** For each symbol that exists after these steps the number of the chapter that wrote it last. */
  #alive(steps: FileHistory['steps']): Map<string, Writer> {
    const alive = new Map<string, Writer>();
    for (const step of steps) {
      if (step.gone === 'file') alive.clear();
      else for (const id of step.gone) alive.delete(id);
      for (const id of step.ids) alive.set(id, step.writer);
    }
    return alive;
  }

  /** The next version whose order is known: stored whole in chapter `number` or a later one, else the package's. */
  #baseFrom(number: number, id?: string): { pieces: readonly Piece[]; place: string } {
    for (const { writer } of this.steps) {
      const stored = writer.stored.get(this.path);
      if (writer.number < number || stored?.whole !== true) continue;
      if (id !== undefined && !stored.pieces.some(piece => piece.id === id)) continue;
      return { pieces: stored.pieces, place: place(writer, this.path) };
    }
    return { pieces: this.composer.packagePieces(this.path), place: this.path };
  }

  #text(id: string, writer: Writer, problems: string[]): { piece: Piece; home: string } | undefined {
    const own = writer.stored.get(this.path)?.pieces.find(piece => piece.id === id);
    if (own !== undefined) return { piece: own, home: place(writer, this.path) };
    const next = this.steps.find(step => step.writer.number > writer.number && step.ids.has(id));
    const base = this.#baseFrom(writer.number, id);
    if (next !== undefined && base.place === this.path) {
      problems.push(
        `${place(writer, this.path)}: superseded text missing: \`${label(id)}\` is written again by ${next.writer.name}, so ${writer.name} has to keep its own text of it`,
      );
      return undefined;
    }
    const piece = base.pieces.find(candidate => candidate.id === id);
    return piece === undefined ? undefined : { piece, home: base.place };
  }

  #unknown(id: string, writer: Writer, base: string): string {
    const json = writer.chapter === undefined ? 'chapters/pending.json' : `chapters/${writer.chapter.id}/chapter.json`;
    return `${json}: writes \`${label(id)}\` of ${this.path}, which ${base} does not have`;
  }

  #idsOf(writer: Writer, touching: readonly Writer[]): Set<string> {
    const write = writer.writes.get(this.path);
    const own = writer.stored.get(this.path)?.pieces.map(piece => piece.id) ?? [];
    const known = [...own, ...this.#known(touching)];
    const out = new Set<string>();
    if (write === undefined) return out;
    if (write !== 'new') {
      for (const name of write) out.add(resolveId(name, known) ?? name);
      return out;
    }
    const holds = this.composer.course.carried.holds[numberKey(writer.number)]?.[this.path];
    if (holds !== undefined) for (const name of holds) out.add(resolveId(name, known) ?? name);
    if (holds !== undefined) return out;
    return new Set([...own, ...this.#unclaimed(writer, touching)]);
  }

  /** Before `course sync` has written down what a new file holds: its symbols that nobody else lists. */
  #unclaimed(writer: Writer, touching: readonly Writer[]): string[] {
    const claimed = new Set<string>();
    for (const other of touching) {
      const write = other.writes.get(this.path);
      if (other === writer || write === undefined || write === 'new') continue;
      for (const name of write) claimed.add(resolveId(name, this.#known(touching)) ?? name);
    }
    if (touching.some(other => other !== writer && other.writes.get(this.path) === 'new')) return [];
    return this.composer
      .packagePieces(this.path)
      .map(piece => piece.id)
      .filter(id => !claimed.has(id));
  }

  #known(touching: readonly Writer[]): string[] {
    const stored = touching.flatMap(writer => writer.stored.get(this.path)?.pieces ?? []);
    return [...this.composer.packagePieces(this.path), ...stored].map(piece => piece.id);
  }
}

/** The key of a writer in carried.json. */
export const numberKey = (number: number): string => (number === PENDING ? 'pending' : twoDigits(number));

/**
 * Snapshot k of the course: every file as it stands at the end of chapter k.
 * @throws {CourseError} with every text that is missing or unknown, and where.
 */
export function compose(course: Course, k: number): Snapshot {
  const composer = new Composer(course);
  const snapshot = composer.snapshot(k);
  if (composer.problems.length > 0) throw new CourseError([...new Set(composer.problems)]);
  return snapshot;
}

/** What the course ends with: the packages as they stand, and every sketch. */
export function final(course: Course): Snapshot {
  const sketches = course.chapters.flatMap(chapter => [...readSketches(chapter)]);
  const all = [...readPackages(course.root), ...sketches];
  return new Map(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** All TypeScript files of the packages, by path in the repository. */
export function readPackages(root: string): Map<string, string> {
  const out = new Map<string, string>();
  for (const folder of PACKAGES) {
    if (!existsSync(joinPath(root, folder))) continue;
    for (const path of listFiles(joinPath(root, folder))) {
      if (path.endsWith('.ts')) out.set(`${folder}/${path}`, readFileSync(joinPath(root, folder, path), 'utf8'));
    }
  }
  return out;
}

/** Split `path#symbol`; a path alone has no symbol. */
export function splitSymbol(entry: string): { path: string; symbol: string | undefined } {
  const at = entry.indexOf('#');
  return at < 0 ? { path: entry, symbol: undefined } : { path: entry.slice(0, at), symbol: entry.slice(at + 1) };
}

function goneIn(writer: Writer, path: string): ReadonlySet<string> | 'file' | undefined {
  const entries = writer.removes.map(splitSymbol).filter(entry => entry.path === path);
  if (entries.length === 0) return undefined;
  if (entries.some(entry => entry.symbol === undefined)) return 'file';
  return new Set(entries.flatMap(({ symbol }) => (symbol === undefined ? [] : [symbol, `${symbol}{`])));
}

const place = (writer: Writer, path: string): string =>
  writer.chapter === undefined ? path : storedPlace(writer.chapter, path);

function chapterWriter(chapter: Chapter, problems: string[]): Writer {
  return {
    number: chapter.number,
    name: `chapter ${twoDigits(chapter.number)}`,
    chapter,
    writes: chapter.writes,
    removes: chapter.removes,
    stored: readStored(chapter, problems),
  };
}

function pendingWriter(course: Course): Writer {
  return {
    number: PENDING,
    name: 'pending.json',
    chapter: undefined,
    writes: course.pending,
    removes: [],
    stored: new Map(),
  };
}
