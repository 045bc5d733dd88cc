/**
 * Sync: after an edit of a package or of a stored text, everything that follows from it: carry, derive, weave.
 *
 * `later` says that a file's edit belongs to a chapter to come: the snapshots keep the text that they had, which is the file's in git.
 * `renames` first renames symbols in stored texts, chapter.json and the lessons' markers; the package is renamed by its author.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { carry, rememberSuccessors, renameWord } from './carry.ts';
import { type Course, CourseError, listFiles, loadCourse } from './catalog.ts';
import { Composer } from './compose.ts';
import { derive, type Version } from './derive.ts';
import { fitImports } from './imports.ts';
import { cut, IMPORTS, join as joinPieces, resolveId } from './pieces.ts';
import { saveDerived } from './save.ts';
import { weave } from './weave.ts';
import { splitSymbol } from './writers.ts';

export interface SyncOptions {
  readonly renames?: ReadonlyMap<string, string>;
  readonly accept?: readonly string[];
  /** Package files, or `path#A,B`, whose edit the chapters do not take over. */
  readonly later?: readonly string[];
  /** The commit in which those files stand as the chapters teach them. */
  readonly base?: string;
  readonly print?: (line: string) => void;
}

/**
 * Bring chapters and lessons up to date with the packages.
 * @throws {CourseError} with what a person has to mend.
 */
export function sync(root: string, options: SyncOptions = {}): void {
  const print = options.print ?? (() => {});
  for (const [from, to] of options.renames ?? []) renameEverywhere(root, from, to, print);
  const carried = carry(root, options);
  for (const line of carried.carried) print(line);
  const changed = saveDerived(loadCourse(root), deriveNow(root, options), { unsettled: carried.unsettled });
  for (const path of changed) print(`wrote ${path}`);
  const course = loadCourse(root);
  const composer = new Composer(course);
  const woven = weave(course, composer, { runs: { root } });
  for (const path of woven.written) print(`wove ${path}`);
  if (carried.conflicts.length === 0) rememberSuccessors(course, composer);
  const problems = [...carried.conflicts, ...composer.problems, ...woven.problems];
  if (problems.length > 0) throw new CourseError([...new Set(problems)]);
}

function deriveNow(root: string, options: SyncOptions): ReturnType<typeof derive> {
  const course = loadCourse(root);
  const composer = new Composer(course, formerPackages(course, options));
  const versions = course.chapters.map(({ number }) => withFittingImports(composer, number));
  if (composer.problems.length > 0) throw new CourseError([...new Set(composer.problems)]);
  return derive(versions, new Composer(course).packages);
}

/** Snapshot k; where its imports are the package's, without the names that only later chapters use. */
function withFittingImports(composer: Composer, number: number): Version {
  const files = new Map(composer.snapshot(number));
  for (const path of composer.paths()) {
    const state = composer.file(path).at(number, []);
    if (state?.homes.get(IMPORTS) !== path) continue;
    const rest = state.pieces.filter(piece => piece.id !== IMPORTS).map(piece => piece.text);
    const pieces = state.pieces.map(piece =>
      piece.id === IMPORTS ? { ...piece, text: fitImports(piece.text, rest.join('')) } : piece,
    );
    files.set(path, joinPieces(pieces));
  }
  return { number, files };
}

/** The packages as the chapters should see them: files named by `later` as git has them. */
function formerPackages(course: Course, options: SyncOptions): Map<string, string> {
  const out = new Map<string, string>();
  for (const entry of options.later ?? []) {
    const { path, symbol } = splitSymbol(entry);
    const show = spawnSync('git', ['show', `${options.base ?? 'HEAD'}:${path}`], {
      cwd: course.root,
      encoding: 'utf8',
    });
    if (show.status !== 0) throw new CourseError([`--later ${path}: git has no such file: ${show.stderr.trim()}`]);
    const now = readFileSync(join(course.root, path), 'utf8');
    out.set(path, symbol === undefined ? show.stdout : withFormer(path, now, show.stdout, symbol.split(',')));
  }
  return out;
}

function withFormer(path: string, now: string, former: string, symbols: readonly string[]): string {
  const old = new Map(cut(former, { path }).map(piece => [piece.id, piece]));
  const ids = symbols.map(symbol => resolveId(symbol.trim(), old.keys()));
  const unknown = symbols.find((_, index) => ids[index] === undefined);
  if (unknown !== undefined) throw new CourseError([`--later ${path}#${unknown}: the file in git has no such symbol`]);
  return joinPieces(cut(now, { path }).map(piece => (ids.includes(piece.id) ? (old.get(piece.id) ?? piece) : piece)));
}

function renameEverywhere(root: string, from: string, to: string, print: (line: string) => void): void {
  const course = loadCourse(root);
  const save = (path: string, change: (text: string) => string): void => {
    const file = join(root, path);
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const next = change(text);
    if (next === text) return;
    writeFileSync(file, next);
    print(`renamed in ${path}`);
  };
  const words = (text: string): string => renameWord(text, from, to);
  save('chapters/carried.json', words);
  save('chapters/pending.json', words);
  for (const { id, dir } of course.chapters) {
    for (const path of listFiles(join(dir, 'src'))) save(`chapters/${id}/src/${path}`, words);
    save(`chapters/${id}/chapter.json`, words);
    for (const lesson of ['README.md', 'README.zh.md']) {
      const path = `chapters/${id}/${lesson}`;
      save(path, text => text.replace(/^\s*<!--\s*code:.*$/gm, words));
      if (!existsSync(join(root, path))) continue;
      const prose = readFileSync(join(root, path), 'utf8').split('\n');
      for (const [index, line] of prose.entries())
        if (words(line) !== line && !/^[ +-]/.test(line))
          print(`${path}:${index + 1}: says ${from}; look whether it should say ${to}`);
    }
  }
}
