/**
 * The proofs that run checkpoints: which targets are laid out, which chapters run against them, and what the results have to be.
 *
 * Each job is one check with one name. Targets live below `.views/`; nothing else is written.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Chapter, type Course, listFiles, type Mutant, twoDigits } from './catalog.ts';
import type { Composer, Snapshot } from './compose.ts';
import { final } from './compose.ts';
import { javascriptOfAll } from './javascript.ts';
import { hashAll, hashFolder } from './memory.ts';
import type { ChapterResult, Job, JobResult, TestFailure } from './run-checkpoints.ts';
import { snapshotBefore, starterFiles } from './starter.ts';
import { layOut } from './targets.ts';

/** A job, what it proves, and the judge of its result: an empty list when it holds. */
export interface ProofJob {
  readonly proof: 1 | 2 | 3 | 4 | 7;
  readonly name: string;
  readonly chapter: number;
  readonly hash: string;
  readonly files: Snapshot;
  readonly js: boolean;
  readonly job: Job;
  readonly judge: (result: JobResult) => string[];
}

/** All jobs of the course, cheap to make: nothing is laid out yet. */
export function proofJobs(course: Course, composer: Composer, programHash: string): ProofJob[] {
  const maker = new JobMaker(course, composer, programHash);
  const editions = javascriptOfAll(course.chapters.map(chapter => composer.snapshot(chapter.number)));
  const jobs: ProofJob[] = [];
  for (const [index, chapter] of course.chapters.entries()) {
    jobs.push(maker.snapshot(chapter), maker.before(chapter), maker.starter(chapter));
    jobs.push(...chapter.mutants.flatMap((mutant, i) => maker.mutant(chapter, mutant, i) ?? []));
    jobs.push(...maker.challenges(chapter));
    jobs.push(maker.javascript(chapter, editions[index] ?? new Map()));
  }
  jobs.push(maker.final());
  return jobs;
}

/** Lay a job's target out on disk. */
export function layOutJob(course: Course, { job, files, js }: ProofJob): void {
  layOut(course.root, job.target, files, { js });
}

class JobMaker {
  readonly course: Course;
  readonly composer: Composer;
  readonly programHash: string;
  readonly #tests = new Map<number, string>();

  constructor(course: Course, composer: Composer, programHash: string) {
    this.course = course;
    this.composer = composer;
    this.programHash = programHash;
  }

  snapshot(chapter: Chapter): ProofJob {
    const name = `snapshot ${twoDigits(chapter.number)} passes checkpoints ${range(chapter.number)}`;
    return this.#job(
      1,
      name,
      chapter,
      twoDigits(chapter.number),
      this.composer.snapshot(chapter.number),
      this.#upTo(chapter),
      allGreen,
    );
  }

  final(): ProofJob {
    const last = this.course.chapters.at(-1);
    if (last === undefined) throw new Error('the course has no chapters');
    return this.#job(
      2,
      'the packages pass every checkpoint',
      last,
      'final',
      final(this.course),
      this.#upTo(last),
      allGreen,
    );
  }

  javascript(chapter: Chapter, files: Snapshot): ProofJob {
    const name = `the JavaScript edition of ${twoDigits(chapter.number)} passes checkpoints ${range(chapter.number)}`;
    const target = join('js', twoDigits(chapter.number));
    return { ...this.#job(7, name, chapter, target, files, this.#upTo(chapter), allGreen), js: true };
  }

  before(chapter: Chapter): ProofJob {
    const name = `the snapshot before chapter ${twoDigits(chapter.number)} fails its checkpoint`;
    const files = snapshotBefore(this.course, this.composer, chapter.number);
    return this.#job(
      3,
      name,
      chapter,
      join('before', twoDigits(chapter.number)),
      files,
      [chapter.number],
      ([result]) =>
        result?.green === true ? [`${place(chapter)}: the checkpoint is green before the chapter has begun`] : [],
    );
  }

  starter(chapter: Chapter): ProofJob {
    const name = `the starter of chapter ${twoDigits(chapter.number)} fails all but greenAtStart`;
    const before = snapshotBefore(this.course, this.composer, chapter.number);
    const files = new Map([...before, ...starterFiles(this.course, chapter.number, this.composer)]);
    return this.#job(
      3,
      name,
      chapter,
      join('starter', twoDigits(chapter.number)),
      files,
      [chapter.number],
      ([result]) => judgeStarter(chapter, result),
    );
  }

  /** No job for a mutant whose text is not there once; structure.ts has said so. */
  mutant(chapter: Chapter, mutant: Mutant, index: number): ProofJob | undefined {
    const snapshot = this.composer.snapshot(chapter.number);
    const text = snapshot.get(mutant.file);
    if (text === undefined || text.split(mutant.replace).length !== 2) return undefined;
    const files = new Map([...snapshot, [mutant.file, text.split(mutant.replace).join(mutant.with)]]);
    const name = `mutant "${mutant.name}" of chapter ${twoDigits(chapter.number)} is caught`;
    const target = join('mutants', `${twoDigits(chapter.number)}-${index}`);
    const job = this.#job(4, name, chapter, target, files, [chapter.number], ([result]) =>
      judgeMutant(chapter, mutant, result),
    );
    return { ...job, hash: hashAll([job.hash, mutant.caughtBy]) };
  }

  /** A challenge fails on the snapshot, and passes with its solution where the chapter has one. */
  challenges(chapter: Chapter): ProofJob[] {
    const folder = join(chapter.dir, 'challenges');
    const snapshot = this.composer.snapshot(chapter.number);
    const names = listFiles(folder).flatMap(path => /^([^/]+)\.test\.ts$/.exec(path)?.[1] ?? []);
    return names.flatMap(name => {
      const file = join(folder, `${name}.test.ts`);
      const text = readFileSync(file, 'utf8');
      const make = (what: string, files: Snapshot, judge: ProofJob['judge']): ProofJob => {
        const target = join('challenges', `${twoDigits(chapter.number)}-${name}-${what.replace('is ', '')}`);
        const title = `challenge ${name} of chapter ${twoDigits(chapter.number)} ${what}`;
        const job = this.#job(4, title, chapter, target, files, [chapter.number], () => []);
        return { ...job, hash: hashAll([job.hash, text]), job: { ...job.job, test: file }, judge };
      };
      const place = `chapters/${chapter.id}/challenges/${name}.test.ts`;
      const open = make('is open', snapshot, ({ green }) =>
        green ? [`${place}: it is green without a solution`] : [],
      );
      const solution = solutionOf(join(folder, 'solutions', name));
      if (solution.size === 0) return [open];
      const solved = make('is solved', new Map([...snapshot, ...solution]), result =>
        allGreen(result.chapters).map(line => `${place}: ${line}`),
      );
      return [open, solved];
    });
  }

  #job(
    proof: ProofJob['proof'],
    name: string,
    chapter: Chapter,
    folder: string,
    files: Snapshot,
    chapters: readonly number[],
    judge: (results: readonly ChapterResult[]) => string[],
  ): ProofJob {
    const tests = chapters.map(number => this.#testsOf(number));
    return {
      proof,
      name,
      chapter: chapter.number,
      hash: hashAll([this.programHash, name, ...chapter.greenAtStart, ...tests, ...[...files].flat()]),
      files,
      js: false,
      job: { name, target: join(this.course.root, '.views', folder), chapters },
      judge: result => judge(result.chapters),
    };
  }

  #upTo(chapter: Chapter): number[] {
    return this.course.chapters.map(c => c.number).filter(number => number <= chapter.number);
  }

  #testsOf(number: number): string {
    const known = this.#tests.get(number);
    if (known !== undefined) return known;
    const dir = this.course.chapters.find(chapter => chapter.number === number)?.dir ?? '';
    const hash = hashFolder(dir, path => !/^(src|sketch|challenges|lab)\/|\.md$|^chapter\.json$/.test(path));
    this.#tests.set(number, hash);
    return hash;
  }
}

/** The files of a solution: `engine/src/...` and the like as they stand, any other belongs to `sketch/`. */
function solutionOf(folder: string): Map<string, string> {
  const named = (path: string): string => (/^(engine|redis-compat|sketch)\//.test(path) ? path : `sketch/${path}`);
  return new Map(listFiles(folder).map(path => [named(path), readFileSync(join(folder, path), 'utf8')]));
}

const range = (number: number): string => (number === 0 ? '00' : `00-${twoDigits(number)}`);
const place = (chapter: Chapter): string => `chapters/${chapter.id}/checkpoint.test.ts`;
const failureOf = (failure: TestFailure | undefined): string => failure?.message.split('\n')[0] ?? 'no message';
const fullName = (test: { section: string; name: string }): string =>
  [test.section, test.name].filter(part => part !== '').join(' > ');

function allGreen(results: readonly ChapterResult[]): string[] {
  return results.flatMap(result => {
    const at = `chapter ${twoDigits(result.chapter)}`;
    const errors = result.errors.map(error => `${at}: ${failureOf(error)}${where(error)}`);
    const failed = result.tests.filter(test => test.state === 'failed');
    const red = failed.map(
      test => `${at}: "${fullName(test)}": ${failureOf(test.failures[0])}${where(test.failures[0])}`,
    );
    const none =
      errors.length + red.length === 0 && !result.green ? [`${at}: the checkpoint has no test that passed`] : [];
    return [...errors, ...red, ...none];
  });
}

function where(failure: TestFailure | undefined): string {
  const frame = failure?.frames[0];
  return frame === undefined ? '' : ` (${frame.file}:${frame.line})`;
}

function judgeStarter(chapter: Chapter, result: ChapterResult | undefined): string[] {
  const out = (result?.errors ?? []).map(
    error => `${place(chapter)}: the starter can't be checked: ${failureOf(error)}`,
  );
  const green = (result?.tests ?? []).filter(test => test.state === 'passed');
  const allowed = (test: { section: string; name: string }): boolean =>
    chapter.greenAtStart.includes(test.name) || chapter.greenAtStart.includes(fullName(test));
  for (const test of green)
    if (!allowed(test))
      out.push(`${place(chapter)}: "${fullName(test)}" is green on the starter; "greenAtStart" does not list it`);
  for (const name of chapter.greenAtStart) {
    const found = green.some(test => test.name === name || fullName(test) === name);
    if (!found) out.push(`chapters/${chapter.id}/chapter.json: "greenAtStart": "${name}" is not green on the starter`);
  }
  return out;
}

function judgeMutant(chapter: Chapter, mutant: Mutant, result: ChapterResult | undefined): string[] {
  const named = (result?.tests ?? []).filter(
    test => test.name === mutant.caughtBy || fullName(test) === mutant.caughtBy,
  );
  const json = `chapters/${chapter.id}/chapter.json: mutant "${mutant.name}"`;
  if (named.some(test => test.state === 'failed')) return [];
  const error = result?.errors[0];
  if (named.length === 0 && error === undefined) return [`${json}: the checkpoint has no test "${mutant.caughtBy}"`];
  if (error !== undefined) return [`${json}: the checkpoint can't be loaded: ${failureOf(error)}`];
  const others = (result?.tests ?? []).filter(test => test.state === 'failed').map(test => `"${fullName(test)}"`);
  const instead = others.length === 0 ? 'no test notices it' : `these notice it: ${others.join(', ')}`;
  return [`${json}: "${mutant.caughtBy}" stays green; ${instead}`];
}
