/**
 * `course play N`: the lesson as a film. Prose appears section by section, code is typed line by line. In a terminal it
 * waits for a key after each step; anywhere else it runs through. With --apply each block also goes into the learner's
 * folder, where that file still is as the lesson expects it.
 */

import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LessonApplier } from './apply-lesson.ts';
import { lessonFile, lessonStates, openCourse, wantChapter } from './course-book.ts';
import { type KeySource, keysFrom, QUIT } from './keys.ts';
import { linkMembers } from './lay-out.ts';
import { blockCount, type LessonStep, lessonSteps } from './lesson-steps.ts';
import { renderCode, renderMarkdown } from './lesson-view.ts';
import { lessonText } from './read.ts';
import { chapterNumber, command, requireState, type Session, Stop } from './session.ts';
import { readState, writeState } from './state.ts';
import { withoutColours } from './terminal.ts';

export interface PlayOptions {
  readonly chapter?: number;
  /** No typing, but still a pause after each step. */
  readonly fast?: boolean;
  /** No pause. */
  readonly wait?: boolean;
  readonly apply?: boolean;
  /** Begin at this block, counted from 1. */
  readonly from?: number;
  /** End with this block. */
  readonly to?: number;
}

const MS_PER_CHARACTER = 6;
const MS_PER_LINE = 60;

export async function play(session: Session, options: PlayOptions): Promise<number> {
  const { print, say, paint, lang } = session;
  const course = openCourse(session);
  const state = options.apply ? requireState(session) : readState(session.folder);
  const chapter = wantChapter(session, course, options.chapter ?? state?.chapter ?? 0);
  if (!existsSync(lessonFile(session, chapter)))
    throw new Stop(say('lessonComing', { n: chapterNumber(chapter.number) }));
  if (options.apply && state?.mode === 'build')
    throw new Stop(say('applyInFollow', { command: command(session, 'start --follow') }));
  const steps = lessonSteps(await lessonText(session, course, chapter, state?.code ?? 'ts'));
  const total = blockCount(steps);
  const applier =
    options.apply && state !== undefined
      ? new LessonApplier(session, state, chapter.number, await lessonStates(session, course, chapter, state.code))
      : undefined;
  const pace = new Pace(session, options);
  print(
    `\n${paint.bold(say('chapterTitle', { n: chapterNumber(chapter.number), title: chapter.title[lang] }))}  ${paint.dim(say('playTitle', { blocks: total }))}`,
  );
  if (pace.waits) print(paint.dim(say('playKeys')));
  const from = options.from ?? 1;
  let block = 0;
  let action = 0;
  let stopped = false;
  try {
    for (const step of steps) {
      if (step.kind === 'block') block++;
      // What stands between two blocks belongs to the second of them.
      const hidden = from > 1 && (step.kind === 'block' ? block : block + 1) < from;
      if (!hidden) await show(session, step, pace, `${block}/${total}`);
      const applied = step.kind === 'prose' ? undefined : applier?.apply(action++);
      if (applied !== undefined && (applied.isNews || !hidden)) print(applied.line);
      const isLast = step.kind === 'block' && block === options.to;
      stopped = isLast || (!hidden && !(await pace.pause()));
      if (stopped) break;
    }
  } finally {
    pace.close();
    if (applier !== undefined && state !== undefined) {
      linkMembers(session, state);
      writeState(session.folder, state);
    }
  }
  if (stopped && block < total) {
    const words = ['play', chapter.number, options.apply ? '--apply' : '', '--from', block + 1];
    const goOn = command(session, words.filter(word => word !== '').join(' '));
    print(`\n${say('playStopped', { block: block + 1, total, command: goOn })}`);
    return 0;
  }
  print(`\n${say('playEnd', { check: command(session, 'check') })}`);
  return 0;
}

async function show(session: Session, step: LessonStep, pace: Pace, place: string): Promise<void> {
  const { print, paint, say } = session;
  if (step.kind === 'prose') {
    print(`\n${renderMarkdown(step.text, session)}`);
    return;
  }
  if (step.kind === 'remove') {
    print(`\n${paint.red('-')} ${say('playRemove', { path: paint.bold(step.path) })}`);
    return;
  }
  print(`\n${paint.dim(`[${place}]`)} ${paint.bold(step.path)}`);
  if (step.caption !== '') print(renderMarkdown(step.caption, session));
  print();
  await pace.type(renderCode(step.lines, step.language, session), step.language === 'diff');
}

/** Typing and waiting. `q` ends, `f` stops the typing, any other key goes on. */
class Pace {
  readonly waits: boolean;
  readonly #session: Session;
  readonly #keys: KeySource | undefined;
  #fast: boolean;

  constructor(session: Session, options: PlayOptions) {
    this.#session = session;
    this.waits = session.interactive && options.wait !== false;
    this.#fast = options.fast === true || !this.waits;
    this.#keys = this.waits ? keysFrom(process.stdin) : undefined;
  }

  /** Of a difference only the added lines are typed; what stands there already appears at once. */
  async type(text: string, diff: boolean): Promise<void> {
    if (this.#fast) {
      this.#session.print(text);
      return;
    }
    for (const line of text.split('\n')) {
      const mark = withoutColours(line).trimStart()[0];
      const typed = diff && mark !== '+' ? 0 : line.trim().length;
      process.stdout.write(`${line}\n`);
      if (this.#keys?.peek() === undefined) await sleep(MS_PER_LINE + typed * MS_PER_CHARACTER);
    }
    // A key during the typing asks for the rest at once, and no more than that.
    if (this.#keys?.peek() !== undefined && !this.#isEnd(this.#keys.peek())) await this.#keys.next();
  }

  #isEnd(key: string | undefined): boolean {
    return key === 'q' || key === QUIT;
  }

  /** False when the learner wants to stop. */
  async pause(): Promise<boolean> {
    if (this.#keys === undefined) return true;
    const key = await this.#keys.next();
    if (key === 'f') this.#fast = !this.#fast;
    return !this.#isEnd(key);
  }

  close(): void {
    this.#keys?.close();
  }
}
