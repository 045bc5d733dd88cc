/**
 * `course goto N`: the reference for everything before chapter N, and the folder ready to begin N. Files that the
 * learner has written are listed and left alone, unless --force: then they are kept under `.course/aside/`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Course, lastChapter } from '../catalog.ts';
import { openCourse, snapshot, wantChapter } from './course-book.ts';
import { commitAll } from './git.ts';
import { layOut, moveAside, ownFiles, removeLaid } from './lay-out.ts';
import { shortPath } from './places.ts';
import { prepareChapter } from './prepare.ts';
import { chapterNumber, command, requireState, type Session, Stop } from './session.ts';
import { tellBegin } from './start.ts';
import { type LearnerState, writeState } from './state.ts';

export interface GotoOptions {
  readonly chapter: number;
  readonly force?: boolean;
}

export async function goTo(session: Session, options: GotoOptions): Promise<number> {
  const { print, say, folder } = session;
  const course = openCourse(session);
  const state = requireState(session);
  const chapter = wantChapter(session, course, options.chapter);
  const reference = await snapshot(course, chapter.number - 1, state.code);
  const later = await laterFiles(session, course, state, reference);
  const mine = [...ownFiles(session, state, reference), ...later.own];
  if (mine.length > 0 && !options.force) {
    throw new Stop(
      say('gotoWouldReplace', {
        n: chapterNumber(chapter.number),
        files: mine.map(path => `  ${path}`).join('\n'),
        command: command(session, `goto ${chapter.number} --force`),
      }),
    );
  }
  if (mine.length > 0) commitAll(folder, `Before going to chapter ${chapterNumber(chapter.number)}`);
  const reason = `goto-${chapterNumber(chapter.number)}`;
  const laid = layOut(session, state, reference, { replace: 'keep-aside', reason });
  const aside = moveAside(session, state, later.own, reason, laid.aside);
  removeLaid(session, state, later.untouched);
  rememberPlace(course, state, chapter.number);
  const lines = await prepareChapter(session, course, state, chapter);
  writeState(folder, state);
  commitAll(folder, `Reference before chapter ${chapterNumber(chapter.number)}`);
  print(say('gotoDone', { n: chapterNumber(chapter.number), count: laid.written.length }));
  if (aside !== undefined) print(say('keptAside', { aside: shortPath(join(folder, aside)) }));
  tellBegin(session, state, chapter, lines);
  return 0;
}

/** Files of the course that do not exist yet where we go: later chapters bring them. */
async function laterFiles(
  session: Session,
  course: Course,
  state: LearnerState,
  reference: Readonly<Record<string, string>>,
) {
  const last = await snapshot(course, lastChapter(course), state.code);
  const all = Object.keys(last).filter(path => reference[path] === undefined && existsSync(join(session.folder, path)));
  const own = ownFiles(session, state, Object.fromEntries(all.map(path => [path, last[path]!])));
  return { own, untouched: all.filter(path => !own.includes(path)) };
}

function rememberPlace(course: Course, state: LearnerState, number: number): void {
  state.chapter = number;
  state.red = {};
  for (const each of course.chapters) {
    if (each.number < number) {
      if (state.passed[each.number] === undefined) state.given[each.number] ??= 'goto';
    } else {
      delete state.passed[each.number];
      delete state.given[each.number];
    }
  }
}
