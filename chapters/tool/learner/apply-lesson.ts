/**
 * Carries a lesson's steps into the learner's folder, for `course play --apply`.
 * Invariant: a file changes only while it is, to the byte, as the lesson has it before the step; anything else is the
 * learner's and stays.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StepState } from './course-book.ts';
import { layOver, readText, removeLaid } from './lay-out.ts';
import { command, type Session } from './session.ts';
import type { LearnerState } from './state.ts';

/** What became of a step. */
export interface Applied {
  readonly line: string;
  /** Something was written, removed or left out; else it was done already. */
  readonly isNews: boolean;
}

export class LessonApplier {
  readonly #session: Session;
  readonly #state: LearnerState;
  readonly #chapter: number;
  readonly #steps: ReadonlyArray<StepState | undefined>;

  constructor(session: Session, state: LearnerState, chapter: number, steps: ReadonlyArray<StepState | undefined>) {
    this.#session = session;
    this.#state = state;
    this.#chapter = chapter;
    this.#steps = steps;
  }

  /** Does step `index` (blocks and removals, from 0) and says what happened; undefined where the lesson is not in order. */
  apply(index: number): Applied | undefined {
    const step = this.#steps[index];
    if (step === undefined) return undefined;
    const { path } = step;
    const { say, paint } = this.#session;
    const mine = this.#mine(path);
    if (this.#isAhead(path, mine, index)) {
      const key = mine === undefined ? 'applyAlreadyRemoved' : 'applyAlready';
      return { line: paint.dim(say(key, { path })), isNews: false };
    }
    if (mine !== step.before) {
      const diff = command(this.#session, `diff ${this.#chapter} me`);
      return { line: paint.yellow(say('applySkipped', { command: diff })), isNews: true };
    }
    if (step.after === undefined) removeLaid(this.#session, this.#state, [path]);
    else layOver(this.#session, this.#state, path, step.after);
    return { line: paint.dim(say(step.after === undefined ? 'appliedRemoval' : 'applied', { path })), isNews: true };
  }

  #mine(path: string): string | undefined {
    const file = join(this.#session.folder, path);
    return existsSync(file) ? readText(file) : undefined;
  }

  /** The file already is as it will be after this step or a later one. */
  #isAhead(path: string, mine: string | undefined, index: number): boolean {
    return this.#steps.some((step, at) => at >= index && step?.path === path && step.after === mine);
  }
}
