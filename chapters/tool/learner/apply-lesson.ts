/**
 * Carries a lesson's steps into the learner's folder, for `course play --apply`.
 * Invariant: a file changes only while it is, to the byte, as the lesson has it before the step; anything else is the
 * learner's and stays.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StepState } from './course-book.ts';
import { layOver, readText, removeLaid } from './lay-out.ts';
import type { Session } from './session.ts';
import type { LearnerState } from './state.ts';

export class LessonApplier {
  readonly #session: Session;
  readonly #state: LearnerState;
  readonly #steps: ReadonlyArray<StepState | undefined>;

  constructor(session: Session, state: LearnerState, steps: ReadonlyArray<StepState | undefined>) {
    this.#session = session;
    this.#state = state;
    this.#steps = steps;
  }

  /** Does step `index` (blocks and removals, from 0) and says what happened; undefined when there was nothing to do. */
  apply(index: number): string | undefined {
    const step = this.#steps[index];
    if (step === undefined) return undefined;
    const { say, paint } = this.#session;
    const mine = this.#mine(step.path);
    if (this.#isAhead(step.path, mine, index)) return undefined;
    if (mine !== step.before) return paint.yellow(say('applySkipped', { path: step.path }));
    if (step.after === undefined) removeLaid(this.#session, this.#state, [step.path]);
    else layOver(this.#session, this.#state, step.path, step.after);
    return paint.dim(say(step.after === undefined ? 'appliedRemoval' : 'applied', { path: step.path }));
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
