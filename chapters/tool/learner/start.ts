/**
 * `course start [N]`: lays out the learner's folder, or moves an existing one to chapter N.
 * A new folder that starts at N > 0 gets the reference of what comes before; an existing one never does (that is `goto`).
 */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import type { Chapter, Course } from '../catalog.ts';
import { lessonFile, openCourse, snapshot, wantChapter } from './course-book.ts';
import { commitAll, initRepository } from './git.ts';
import { listed } from './language.ts';
import { layOut } from './lay-out.ts';
import { posix, programRoot, shortPath } from './places.ts';
import { prepareChapter } from './prepare.ts';
import { chapterNumber, command, folderLabel, folderName, isElsewhere, type Session, Stop, timeOf } from './session.ts';
import { type LearnerState, newState, readState, writeState } from './state.ts';

export interface StartOptions {
  readonly chapter?: number;
  readonly build?: boolean;
  readonly follow?: boolean;
  readonly js?: boolean;
  readonly ts?: boolean;
}

export async function start(session: Session, options: StartOptions): Promise<number> {
  const course = openCourse(session);
  const found = readState(session.folder);
  return found === undefined ? startNew(session, course, options) : goOn(session, course, found, options);
}

async function startNew(session: Session, course: Course, options: StartOptions): Promise<number> {
  const { print, say, folder } = session;
  const chapter = wantChapter(session, course, options.chapter ?? course.chapters[0]!.number);
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new Stop(say('notAFolder', { folder: folderLabel(session) }));
  if (existsSync(folder) && readdirSync(folder).some(name => name !== '.git')) {
    throw new Stop(
      say('folderTaken', { folder: folderLabel(session), command: command(session, 'start --dir ANOTHER') }),
    );
  }
  mkdirSync(folder, { recursive: true });
  const state = newState({
    course: posix(relative(folder, programRoot)) || '.',
    lang: session.lang,
    mode: options.build ? 'build' : 'follow',
    code: options.js ? 'js' : 'ts',
    chapter: chapter.number,
  });
  const hasRepository = initRepository(folder);
  await layReferenceBefore(session, course, state, chapter);
  const lines = await prepareChapter(session, course, state, chapter);
  writeState(folder, state);
  if (hasRepository) commitAll(folder, `Begin at chapter ${chapterNumber(chapter.number)}`);
  print(say('folderReady', { folder: folderLabel(session), git: say(hasRepository ? 'withGit' : 'withoutGit') }));
  tellBegin(session, state, chapter, lines);
  return 0;
}

async function layReferenceBefore(
  session: Session,
  course: Course,
  state: LearnerState,
  chapter: Chapter,
): Promise<void> {
  const before = await snapshot(course, chapter.number - 1, state.code);
  layOut(session, state, before, { replace: 'never', reason: 'start' });
  for (const each of course.chapters) if (each.number < chapter.number) state.given[each.number] = 'goto';
}

async function goOn(session: Session, course: Course, state: LearnerState, options: StartOptions): Promise<number> {
  const { print, say } = session;
  if ((options.js && state.code === 'ts') || (options.ts && state.code === 'js')) {
    const dir = `${folderName(session)}-${options.js ? 'js' : 'ts'}`;
    throw new Stop(
      say('otherLanguage', { command: command(session, `start --${options.js ? 'js' : 'ts'} --dir ${dir}`) }),
    );
  }
  const chapter = wantChapter(session, course, options.chapter ?? state.chapter);
  const open = course.chapters
    .filter(each => each.number < chapter.number && isOpen(state, each.number))
    .map(each => each.number);
  const isInHand = options.chapter !== undefined && chapter.number === state.chapter;
  if (open.length > 0 && !isInHand) {
    throw new Stop(
      say('notYet', {
        n: chapterNumber(chapter.number),
        open: listed(session.lang, open.map(chapterNumber)),
        check: command(session, `check ${open[0]}`),
        goto: command(session, `goto ${chapter.number}`),
      }),
    );
  }
  const mode = state.mode;
  if (options.build) state.mode = 'build';
  if (options.follow) state.mode = 'follow';
  state.lang = session.lang;
  state.chapter = chapter.number;
  const lines = await prepareChapter(session, course, state, chapter);
  writeState(session.folder, state);
  if (state.mode !== mode) print(say('modeNow', { mode: say(state.mode === 'build' ? 'modeBuild' : 'modeFollow') }));
  if (isInHand) print(say('alreadyOpen', { n: chapterNumber(chapter.number) }));
  else print(say('folderGoesOn', { folder: folderLabel(session) }));
  tellBegin(session, state, chapter, lines);
  return 0;
}

const isOpen = (state: LearnerState, number: number): boolean =>
  state.passed[number] === undefined && state.given[number] === undefined;

/** What to do now, in this chapter. Also used by `goto`. */
export function tellBegin(session: Session, state: LearnerState, chapter: Chapter, lines: readonly string[]): void {
  const { print, say, paint, lang } = session;
  print(
    `\n${paint.bold(say('chapterTitle', { n: chapterNumber(chapter.number), title: chapter.title[lang] }))}  ${paint.dim(timeOf(session, chapter))}`,
  );
  for (const line of lines) print(line);
  if (isElsewhere(session)) print(say('commandsThere', { folder: folderLabel(session) }));
  print(
    say(state.mode === 'build' ? 'beginBuild' : 'beginFollow', {
      file: shortPath(lessonFile(session, chapter)),
      folder: folderLabel(session),
      play: command(session, 'play'),
      apply: command(session, `play ${chapter.number} --apply`),
      read: command(session, 'read'),
      idea: command(session, 'read --idea'),
      check: command(session, 'check'),
      watch: command(session, 'watch'),
      hint: command(session, 'hint'),
    }),
  );
}
