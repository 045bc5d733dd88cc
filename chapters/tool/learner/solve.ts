/**
 * `course solve N [paths]`: the reference of chapter N into the learner's folder, after passing or with --force. The
 * learner's own versions are kept under `.course/aside/`.
 * Invariant: a file that the learner wrote is replaced only when it was named, or with --force.
 */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Chapter, Course } from '../catalog.ts';
import { openCourse, snapshot, wantChapter } from './course-book.ts';
import { listed } from './language.ts';
import { type Files, layOut, linkMembers, ownFiles } from './lay-out.ts';
import { shortPath } from './places.ts';
import { chapterPaths } from './prepare.ts';
import { chapterNumber, command, requireState, type Session, Stop } from './session.ts';
import { type LearnerState, writeState } from './state.ts';

export interface SolveOptions {
  readonly chapter?: number;
  /** Only these files: paths, or ends of paths. */
  readonly paths?: readonly string[];
  readonly force?: boolean;
  /** Show the text and write nothing. */
  readonly print?: boolean;
}

export async function solve(session: Session, options: SolveOptions): Promise<number> {
  const { print, say } = session;
  const course = openCourse(session);
  const state = requireState(session);
  const chapter = wantChapter(session, course, options.chapter ?? state.chapter);
  mayLook(session, state, chapter, options);
  const reference = await snapshot(course, chapter.number, state.code);
  const files = chosenFiles(session, state, chapter, reference, options.paths ?? []);
  if (options.print) {
    for (const [path, text] of Object.entries(files)) print(`${session.paint.bold(path)}\n${text}`);
    return 0;
  }
  if ((options.paths ?? []).length === 0 && !options.force) mayReplace(session, state, chapter, files);
  const laid = layOut(session, state, files, {
    replace: 'keep-aside',
    reason: `solve-${chapterNumber(chapter.number)}`,
  });
  if (state.passed[chapter.number] === undefined) state.given[chapter.number] = 'solve';
  linkMembers(session, state);
  writeState(session.folder, state);
  if (laid.written.length === 0) print(say('solveSame'));
  for (const path of laid.written) print(`  ${session.paint.green('+')} ${path}`);
  if (laid.aside !== undefined) print(say('keptAside', { aside: shortPath(join(session.folder, laid.aside)) }));
  for (const line of missingLines(session, course, state, chapter, reference, Object.keys(files))) print(line);
  print(say('solveNext', { check: command(session, 'check'), diff: command(session, `diff ${chapter.number}`) }));
  return 0;
}

function mayLook(session: Session, state: LearnerState, chapter: Chapter, { force, paths = [] }: SolveOptions): void {
  if (force || state.passed[chapter.number] !== undefined) return;
  const n = chapter.number;
  throw new Stop(
    session.say('solveFirst', {
      n: chapterNumber(n),
      hint: command(session, `hint ${n}`),
      force: command(session, ['solve', n, ...paths, '--force'].join(' ')),
    }),
  );
}

/** Without a path and without --force nothing that the learner wrote is replaced. */
function mayReplace(session: Session, state: LearnerState, chapter: Chapter, files: Files): void {
  const mine = ownFiles(session, state, files);
  if (mine.length === 0) return;
  throw new Stop(
    session.say('solveWouldReplace', {
      n: chapterNumber(chapter.number),
      files: mine.map(path => `  ${path}`).join('\n'),
      command: command(session, `solve ${chapter.number} --force`),
    }),
  );
}

function chosenFiles(
  { say }: Session,
  state: LearnerState,
  chapter: Chapter,
  reference: Files,
  paths: readonly string[],
): Files {
  const all = chapterPaths(chapter, state).filter(each => reference[each] !== undefined);
  const isMeant = (each: string, path: string): boolean => each === path || each.endsWith(`/${path}`);
  const wrong = paths.find(path => !all.some(each => isMeant(each, path)));
  if (wrong !== undefined || all.length === 0)
    throw new Stop(say('noSuchFile', { path: wrong ?? '', n: chapterNumber(chapter.number), known: all.join('\n  ') }));
  const chosen = paths.length === 0 ? all : all.filter(each => paths.some(path => isMeant(each, path)));
  return Object.fromEntries(chosen.map(each => [each, reference[each]!]));
}

/** What the files import and the folder does not have, with the commands that bring it. */
function missingLines(
  session: Session,
  course: Course,
  state: LearnerState,
  upTo: Chapter,
  reference: Files,
  paths: readonly string[],
): string[] {
  const missing = missingImports(session.folder, reference, paths);
  if (missing.length === 0) return [];
  // The newest first, so that the text is the one that the importing file was written for.
  const writers = course.chapters.filter(chapter => chapter.number <= upTo.number).reverse();
  const byChapter = new Map<Chapter, string[]>();
  for (const path of missing) {
    const writer = writers.find(chapter => chapterPaths(chapter, state).includes(path));
    if (writer !== undefined) byChapter.set(writer, [...(byChapter.get(writer) ?? []), path]);
  }
  const commands = [...byChapter].map(([{ number }, files]) => {
    const force = state.passed[number] === undefined ? ' --force' : '';
    return `  ${command(session, `solve ${number} ${files.join(' ')}${force}`)}`;
  });
  const names = listed(
    session.lang,
    missing.map(path => session.paint.bold(path)),
  );
  return [session.say('solveMissing', { names }), ...commands];
}

const FROM = /^(?:import|export|\}).*?from '(\.[^']+)';$/gm;

/** Files of the reference that these import, they and what they bring, and that are not in the folder. */
function missingImports(folder: string, reference: Files, paths: readonly string[]): string[] {
  const missing = new Set<string>();
  const walk = (path: string): void => {
    for (const [, module = ''] of (reference[path] ?? '').matchAll(FROM)) {
      const target = posix.join(posix.dirname(path), module);
      if (reference[target] === undefined || missing.has(target) || existsSync(join(folder, target))) continue;
      missing.add(target);
      walk(target);
    }
  };
  for (const path of paths) walk(path);
  return [...missing];
}
