/**
 * `course solve N [path]`: the reference of chapter N into the learner's folder, after passing or with --force. The
 * learner's own versions are kept under `.course/aside/`, and one command puts them back.
 */
import { join } from 'node:path';
import type { Chapter } from '../catalog.ts';
import { openCourse, snapshot, wantChapter } from './course-book.ts';
import { type Files, layOut, linkMembers } from './lay-out.ts';
import { shortPath } from './places.ts';
import { chapterPaths } from './prepare.ts';
import { chapterNumber, command, requireState, type Session, Stop } from './session.ts';
import { type LearnerState, writeState } from './state.ts';

export interface SolveOptions {
  readonly chapter?: number;
  readonly path?: string;
  readonly force?: boolean;
  /** Show the text and write nothing. */
  readonly print?: boolean;
}

export async function solve(session: Session, options: SolveOptions): Promise<number> {
  const { print, say } = session;
  const course = openCourse(session);
  const state = requireState(session);
  const chapter = wantChapter(session, course, options.chapter ?? state.chapter);
  mayLook(session, state, chapter, options.force === true);
  const reference = await snapshot(course, chapter.number, state.code);
  const files = chosenFiles(session, state, chapter, reference, options.path);
  if (options.print) {
    for (const [path, text] of Object.entries(files)) print(`${session.paint.bold(path)}\n${text}`);
    return 0;
  }
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
  print(say('solveNext', { check: command(session, 'check'), diff: command(session, `diff ${chapter.number}`) }));
  return 0;
}

function mayLook(session: Session, state: LearnerState, chapter: Chapter, force: boolean): void {
  if (force || state.passed[chapter.number] !== undefined) return;
  const n = chapter.number;
  throw new Stop(
    session.say('solveFirst', {
      n: chapterNumber(n),
      hint: command(session, `hint ${n}`),
      force: command(session, `solve ${n} --force`),
    }),
  );
}

function chosenFiles({ say }: Session, state: LearnerState, chapter: Chapter, reference: Files, path?: string): Files {
  const all = chapterPaths(chapter, state).filter(each => reference[each] !== undefined);
  const chosen = path === undefined ? all : all.filter(each => each === path || each.endsWith(`/${path}`));
  if (chosen.length === 0)
    throw new Stop(say('noSuchFile', { path: path ?? '', n: chapterNumber(chapter.number), known: all.join('\n  ') }));
  return Object.fromEntries(chosen.map(each => [each, reference[each]!]));
}
