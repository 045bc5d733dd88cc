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
import { type Course, CourseError, listFiles, PACKAGES } from './catalog.ts';
import { FileHistory } from './file-history.ts';
import { filterIndex, isIndex } from './index-file.ts';
import { cut, join, type Piece } from './pieces.ts';
import { readSketches } from './store.ts';
import { chapterWriter, pendingWriter, type Writer } from './writers.ts';

/** Path in the repository -> text, in the order of paths. */
export type Snapshot = ReadonlyMap<string, string>;

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
