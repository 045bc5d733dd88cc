/**
 * `course` without a command: a welcome for someone who has no folder yet; for everyone else where they are, what is
 * next, and the whole road with a bar.
 */
import { existsSync } from 'node:fs';
import type { Chapter, Course } from '../catalog.ts';
import { isWritten, lessonFile, openCourse } from './course-book.ts';
import { shortPath } from './places.ts';
import { chapterNumber, command, folderName, type Session } from './session.ts';
import { start } from './start.ts';
import { type CodeLanguage, type LearnerState, type Mode, readState } from './state.ts';
import { SYLLABUS, type SyllabusEntry } from './syllabus.ts';
import { bar, padEnd, wrap } from './terminal.ts';

export async function home(session: Session): Promise<number> {
  const state = readState(session.folder);
  if (state !== undefined) return progress(session, openCourse(session), state);
  welcome(session);
  return session.interactive ? askAndStart(session) : tellHowToStart(session);
}

function welcome({ print, say, paint, columns }: Session): void {
  print(`\n  ${paint.bold('Zerocask')}\n`);
  for (const paragraph of say('welcome', { count: SYLLABUS.length }).split('\n'))
    print(wrap(paragraph, columns - 4, '  '));
  print();
}

function tellHowToStart(session: Session): number {
  const { print, say } = session;
  print(
    say('howToStart', {
      start: command(session, 'start'),
      build: command(session, 'start --build'),
      js: command(session, 'start --js'),
      doctor: command(session, 'doctor'),
      other: command(session, `--lang ${session.lang === 'zh' ? 'en' : 'zh'}`),
    }),
  );
  return 0;
}

/** Two questions, each with its answer as the first choice; then the folder is laid out. */
async function askAndStart(session: Session): Promise<number> {
  const { select, isCancel, cancel } = await import('@clack/prompts');
  const { say } = session;
  const mode = await select<Mode>({
    message: say('askMode'),
    showInstructions: false,
    options: [
      { value: 'follow', label: say('modeFollow'), hint: say('modeFollowHint') },
      { value: 'build', label: say('modeBuild'), hint: say('modeBuildHint') },
    ],
  });
  const code = isCancel(mode)
    ? mode
    : await select<CodeLanguage>({
        message: say('askCode'),
        showInstructions: false,
        options: [
          { value: 'ts', label: 'TypeScript', hint: say('codeTsHint') },
          { value: 'js', label: 'JavaScript', hint: say('codeJsHint') },
        ],
      });
  if (isCancel(mode) || isCancel(code)) {
    cancel(say('cancelled', { command: command(session, 'start') }));
    return 0;
  }
  session.print();
  return start(session, { build: mode === 'build', js: code === 'js' });
}

function progress(session: Session, course: Course, state: LearnerState): number {
  const { print, say, paint } = session;
  const done = SYLLABUS.filter(({ number }) => state.passed[number] !== undefined).length;
  print(
    `\n  ${paint.bold('Zerocask')}  ${paint.dim(
      say('homeLine', {
        folder: folderName(session),
        mode: say(state.mode === 'build' ? 'modeBuild' : 'modeFollow'),
        code: state.code === 'js' ? 'JavaScript' : 'TypeScript',
      }),
    )}`,
  );
  print(`\n  ${bar(done, SYLLABUS.length, 30, paint)}  ${say('progress', { done, count: SYLLABUS.length })}\n`);
  for (const track of ['engine', 'ranges', 'server'] as const) {
    print(`  ${paint.bold(say(`track_${track}`))}`);
    for (const entry of SYLLABUS.filter(each => each.track === track)) print(entryLine(session, course, state, entry));
  }
  print();
  printNext(session, course, state);
  return 0;
}

function entryLine({ lang, paint, say }: Session, course: Course, state: LearnerState, entry: SyllabusEntry): string {
  const chapter = course.chapters.find(each => each.number === entry.number);
  const open = chapter !== undefined && isWritten(chapter);
  const title = chapter?.title[lang] ?? entry.title[lang];
  const number = chapterNumber(entry.number);
  if (!open) return paint.dim(`    ${number} ${padEnd(title, 52)} ${say('coming')}`);
  const note =
    entry.number === state.chapter ? paint.yellow(say('youAreHere')) : paint.dim(noteOf(state, entry.number, say));
  const mark =
    state.passed[entry.number] !== undefined
      ? paint.green('✓')
      : entry.number === state.chapter
        ? paint.yellow('>')
        : ' ';
  return `  ${mark} ${number} ${padEnd(title, 52)} ${note}`.trimEnd();
}

function noteOf(state: LearnerState, number: number, say: Session['say']): string {
  const passed = state.passed[number];
  const given = state.given[number];
  if (passed !== undefined && given === undefined) return passed.slice(0, 10);
  return given === undefined ? '' : say('laidReference');
}

function printNext(session: Session, course: Course, state: LearnerState): void {
  const { print, say } = session;
  const chapter = course.chapters.find(each => each.number === state.chapter);
  if (chapter === undefined) return;
  if (state.passed[chapter.number] !== undefined && isLast(course, chapter)) {
    print(`  ${say('endOfRoad')}`);
    return;
  }
  const lesson = lessonFile(session, chapter);
  const file = existsSync(lesson) ? shortPath(lesson) : '';
  print(
    say('nextSteps', {
      n: chapterNumber(chapter.number),
      file,
      read: command(session, 'read'),
      play: command(session, state.mode === 'build' ? 'play' : `play ${chapter.number} --apply`),
      check: command(session, 'check'),
      watch: command(session, 'watch'),
      hint: command(session, 'hint'),
      help: command(session, '--help'),
    }),
  );
}

const isLast = (course: Course, chapter: Chapter): boolean =>
  course.chapters.filter(isWritten).at(-1)?.number === chapter.number;
