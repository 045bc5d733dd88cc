/**
 * `course diff N`: what chapter N changes. `course diff N me`: the learner's files against the reference of chapter N.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import type { Chapter, Course } from '../catalog.ts';
import { openCourse, snapshot, wantChapter } from './course-book.ts';
import type { Files } from './lay-out.ts';
import { readText } from './lay-out.ts';
import { renderCode } from './lesson-view.ts';
import { chapterPaths } from './prepare.ts';
import { chapterNumber, command, requireState, type Session, Stop } from './session.ts';
import type { LearnerState } from './state.ts';

export interface DiffOptions {
  readonly chapter?: number;
  readonly mine?: boolean;
  readonly path?: string;
  /** Of the learner's files also those that are not begun. */
  readonly all?: boolean;
  /** In build mode also the solution of a chapter that is not green. */
  readonly force?: boolean;
}

export async function diff(session: Session, options: DiffOptions): Promise<number> {
  const { print, say, folder } = session;
  const course = openCourse(session);
  const state = requireState(session);
  const chapter = wantChapter(session, course, options.chapter ?? state.chapter);
  if (!options.force) mayLook(session, state, chapter, options);
  const after = await snapshot(course, chapter.number, state.code);
  const before = options.mine
    ? readMine(folder, Object.keys(after))
    : await snapshot(course, chapter.number - 1, state.code);
  const wanted = options.mine
    ? chapterPaths(chapter, state)
    : [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const chosen = wanted.filter(path => options.path === undefined || path.includes(options.path));
  if (chosen.length === 0 && options.path !== undefined) refuse(session, course, chapter, state, options.path, options);
  const labels = options.mine
    ? ([say('diffMine'), say('diffReference')] as const)
    : ([say('diffBefore'), say('diffAfter')] as const);
  const absent = options.mine && !options.all ? chosen.filter(path => before[path] === undefined) : [];
  const patches = chosen
    .filter(path => !absent.includes(path))
    .map(path => patchOf(path, before[path] ?? '', after[path] ?? '', labels))
    .filter(patch => patch !== '');
  for (const path of absent) print(say('diffNotBegun', { path, lines: lineCount(after[path] ?? '') }));
  if (absent.length > 0) print(session.paint.dim(say('diffShowAll', { command: showAll(session, options) })));
  if (patches.length === 0 && absent.length > 0) return 0;
  if (patches.length === 0) print(say(options.mine ? 'diffSame' : 'diffNothing', { n: chapterNumber(chapter.number) }));
  else if (options.mine) print(session.paint.dim(say('diffLegend')));
  for (const patch of patches) print(renderCode(patch.split('\n'), 'diff', session).replace(/^ {4}/gm, ''));
  return 0;
}

/** Who builds by himself does not see the solution by accident. */
function mayLook(session: Session, state: LearnerState, chapter: Chapter, options: DiffOptions): void {
  if (state.mode === 'follow' || state.passed[chapter.number] !== undefined || chapter.number < state.chapter) return;
  const words = ['diff', chapter.number, options.mine ? 'me' : '', options.path ?? '', '--force'];
  throw new Stop(
    session.say('diffFirst', {
      n: chapterNumber(chapter.number),
      hint: command(session, `hint ${chapter.number}`),
      force: command(session, words.filter(word => word !== '').join(' ')),
    }),
  );
}

/** No file of the chapter is called so: perhaps one of another chapter is, perhaps "me" was meant. */
function refuse(
  session: Session,
  course: Course,
  chapter: Chapter,
  state: LearnerState,
  path: string,
  { mine }: DiffOptions,
): never {
  const { say } = session;
  const lines = [say('diffNoFile', { n: chapterNumber(chapter.number), path })];
  const other = course.chapters.findLast(
    each => each !== chapter && chapterPaths(each, state).some(own => own.includes(path)),
  );
  if (other !== undefined) {
    const words = command(session, `diff ${other.number} ${mine ? 'me ' : ''}${path}`);
    lines.push(say('diffElsewhere', { n: chapterNumber(other.number), command: words }));
  } else if (!mine && path.length <= 3) lines.push(say('diffMeant'));
  throw new Stop(lines.join('\n'));
}

const lineCount = (text: string): number => text.split('\n').length - 1;

const showAll = (session: Session, { chapter, path }: DiffOptions): string =>
  command(session, ['diff', chapter ?? '', 'me', path ?? '', '--all'].filter(word => word !== '').join(' '));

/** A unified difference; empty when the texts are equal. */
export function patchOf(path: string, before: string, after: string, [left, right]: readonly [string, string]): string {
  if (before === after) return '';
  const patch = createTwoFilesPatch(path, path, before, after, left, right, { context: 3 });
  return patch.replace(/^(?:Index: .*\n)?=+\n/, '');
}

function readMine(folder: string, paths: readonly string[]): Files {
  const present = paths.filter(path => existsSync(join(folder, path)));
  return Object.fromEntries(present.map(path => [path, readText(join(folder, path))]));
}
