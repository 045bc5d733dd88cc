/**
 * Prove: the nine proofs that make the course's text executable. It writes nothing but `.views/` and `.proof/`.
 *
 *   1 every snapshot type-checks (after each step too) and passes checkpoints 0..k    2 the packages pass every checkpoint
 *   3 starters fail all but greenAtStart, snapshot k-1 fails k                        4 every mutant is caught by the test that it names
 *   5 weaving changes nothing, both languages agree, lessons have their parts         6 the robot learner arrives at every snapshot
 *   7 the JavaScript edition passes the same checkpoints                              8 `run` blocks show what their commands print
 *   9 every symbol has one home and every edit is carried; the counts
 *
 * `changed` runs only what changed since the last local proof; with none recorded, the last snapshot only.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Course, CourseError, LANGUAGES, loadCourse, twoDigits } from './catalog.ts';
import { Composer } from './compose.ts';
import { type CourseCounts, countCourse, printCounts } from './counts.ts';
import { javascriptOfAll } from './javascript.ts';
import { lessonProblems } from './lesson-checks.ts';
import { javascriptSteps } from './lesson-javascript.ts';
import { hashAll, hashOfProgram, ProofMemory } from './memory.ts';
import { layOutJob, type ProofJob, proofJobs } from './prove-jobs.ts';
import { Robot } from './robot.ts';
import { runJobs } from './run-checkpoints.ts';
import { givenFiles, snapshotBefore } from './starter.ts';
import type { Step } from './steps.ts';
import { structureProblems } from './structure.ts';
import { referenceTarget } from './targets.ts';
import { StepChecker, typecheckViews } from './typecheck.ts';
import { type WeaveResult, type WovenLesson, weave } from './weave.ts';

export interface ProveOptions {
  readonly changed?: boolean;
  /** Prove these chapters only; what concerns the whole course is proven all the same. */
  readonly chapters?: readonly number[];
  /** Only what can be told from the text: no types are checked, no checkpoints run, no commands. */
  readonly static?: boolean;
  readonly workers?: number;
  /** A JSON file for the numbers of checks that passed and failed. */
  readonly report?: string;
  readonly print?: (line: string) => void;
}

export interface Check {
  readonly proof: number;
  readonly name: string;
  readonly problems: readonly string[];
}

export interface Proof {
  readonly passed: number;
  readonly failed: number;
  /** Checks that passed before and whose inputs are the same. */
  readonly known: number;
  readonly checks: readonly Check[];
  readonly counts: CourseCounts | undefined;
}

const TITLES: Readonly<Record<number, string>> = {
  1: 'snapshots type-check and pass their checkpoints',
  2: 'the packages pass every checkpoint',
  3: 'starters and the snapshots before fail',
  4: 'mutants are caught, challenges are open and can be solved',
  5: 'lessons are woven, whole, and agree in both languages',
  6: 'the robot learner arrives',
  7: 'the JavaScript edition passes',
  8: 'commands print what the lessons show',
  9: 'every symbol has one home, every edit is carried',
};

/** Prove the course under `root`. */
export async function prove(root: string, options: ProveOptions = {}): Promise<Proof> {
  const prover = new Prover(root, options);
  const proof = await prover.run();
  if (options.report !== undefined) {
    mkdirSync(dirname(options.report), { recursive: true });
    writeFileSync(options.report, `${JSON.stringify({ passed: proof.passed, failed: proof.failed })}\n`);
  }
  return proof;
}

class Prover {
  readonly root: string;
  readonly options: ProveOptions;
  readonly memory: ProofMemory;
  readonly checks: Check[] = [];
  readonly programHash: string;
  known = 0;
  started = Date.now();

  constructor(root: string, options: ProveOptions) {
    this.root = root;
    this.options = options;
    this.memory = new ProofMemory(root);
    this.programHash = hashOfProgram();
  }

  async run(): Promise<Proof> {
    const course = this.#load();
    if (course === undefined) return this.#end(undefined);
    const composer = new Composer(course);
    this.#add(9, 'structure', structureProblems(course, composer));
    this.#report(9);
    if (composer.problems.length > 0 || course.chapters.length === 0) return this.#end(undefined);
    const runs = { root: this.root, fresh: this.options.changed !== true };
    const quick = this.options.static === true || (this.options.changed === true && this.memory.empty);
    const woven = weave(course, composer, { check: true, ...(quick ? {} : { runs }) });
    this.#weaving(course, woven, quick);
    this.#robots(course, composer, woven);
    if (this.options.static === true) return this.#end(countCourse(course, composer, woven.lessons));
    this.#types(course, composer, woven.lessons);
    await this.#checkpoints(course, composer);
    const counts = countCourse(course, composer, woven.lessons);
    this.#print('');
    for (const line of printCounts(counts)) this.#print(line);
    return this.#end(counts);
  }

  #load(): Course | undefined {
    try {
      return loadCourse(this.root);
    } catch (error) {
      if (!(error instanceof CourseError)) throw error;
      this.#add(9, 'the catalog', error.problems);
      this.#report(9);
      return undefined;
    }
  }

  #weaving(course: Course, woven: WeaveResult, quick: boolean): void {
    const runs = woven.problems.filter(problem => / the output of `|: `.*`: /.test(problem));
    const blocks = woven.problems.filter(problem => !runs.includes(problem));
    for (const chapter of this.#chapters(course)) {
      const own = (problem: string): boolean => problem.startsWith(`chapters/${chapter.id}/`);
      this.#add(5, `lesson ${chapter.id} is woven`, blocks.filter(own));
      const lessons = woven.lessons.filter(lesson => lesson.chapter === chapter);
      const form = lessons.flatMap(lesson => lessonProblems(course, lesson));
      this.#add(5, `lesson ${chapter.id} has its parts`, [...new Set(form)]);
      const commands = lessons.flatMap(({ lesson }) => lesson.items.filter(item => item.kind === 'run'));
      if (commands.length > 0 && !quick) this.#add(8, `the commands of ${chapter.id}`, runs.filter(own));
    }
    this.#report(5);
    if (!quick) this.#report(8);
  }

  #robots(course: Course, composer: Composer, woven: WeaveResult): void {
    const snapshots = course.chapters.map(chapter => composer.snapshot(chapter.number));
    for (const language of LANGUAGES) {
      const robot = new Robot();
      for (const [index, chapter] of course.chapters.entries()) {
        const snapshot = snapshots[index] ?? new Map<string, string>();
        const before = robot.problems.length;
        robot.give(chapter, snapshot);
        robot.readLesson(course, chapter, language, snapshot);
        this.#add(
          6,
          `the robot arrives at snapshot ${twoDigits(chapter.number)} (${language})`,
          robot.problems.slice(before),
        );
      }
    }
    this.#javascriptRobot(course, snapshots, woven.lessons);
    this.#report(6);
  }

  #javascriptRobot(
    course: Course,
    snapshots: readonly ReadonlyMap<string, string>[],
    lessons: readonly WovenLesson[],
  ): void {
    const english = course.chapters.map(chapter =>
      lessons.find(each => each.chapter === chapter && each.language === 'en'),
    );
    const steps = javascriptSteps(english.map(lesson => (lesson?.steps ?? []).map(({ step }) => step)));
    const editions = javascriptOfAll(snapshots);
    const robot = new Robot();
    for (const [index, chapter] of course.chapters.entries()) {
      const edition = editions[index] ?? new Map<string, string>();
      const before = robot.problems.length;
      robot.give(chapter, edition, path => path.replace(/\.ts$/, '.js'));
      robot.readJavaScript(english[index]?.lesson.place ?? chapter.id, steps[index] ?? [], edition);
      this.#add(
        6,
        `the robot arrives at snapshot ${twoDigits(chapter.number)} (JavaScript)`,
        robot.problems.slice(before),
      );
    }
  }

  #types(course: Course, composer: Composer, lessons: readonly WovenLesson[]): void {
    const due = this.#chapters(course).filter(chapter => this.#wanted(chapter.number, course));
    const views = due.flatMap(chapter => {
      const hash = hashAll([this.programHash, 'types', chapter.id, ...[...composer.snapshot(chapter.number)].flat()]);
      if (this.#skip(hash)) return [];
      const dir = referenceTarget(course, chapter.number, composer.snapshot(chapter.number));
      return [{ name: chapter.id, dir, chapter, hash }];
    });
    const errors = views.length === 0 ? new Map<string, string[]>() : typecheckViews(course, views);
    for (const { name, hash } of views)
      this.#add(1, `snapshot ${name} type-checks`, prefix(name, errors.get(name) ?? []), hash);
    let checker: StepChecker | undefined;
    for (const chapter of due) {
      const lesson = lessons.find(each => each.chapter === chapter && each.language === 'en');
      if (lesson === undefined) continue;
      const before = snapshotBefore(course, composer, chapter.number);
      const after = composer.snapshot(chapter.number);
      const hash = hashAll([this.programHash, 'steps', lesson.text, ...[...before].flat(), ...[...after].flat()]);
      if (this.#skip(hash)) continue;
      checker ??= new StepChecker(course);
      const problems = checker.check(before, givenFiles(chapter, after), stepGroups(lesson), lesson.lesson.place);
      this.#add(1, `every step of ${chapter.id} type-checks`, problems, hash);
    }
  }

  async #checkpoints(course: Course, composer: Composer): Promise<void> {
    const only = new Set(this.#chapters(course).map(chapter => chapter.number));
    const jobs = proofJobs(course, composer, this.programHash).filter(
      job => only.has(job.chapter) && this.#due(job, course),
    );
    for (let at = 0; at < jobs.length; at += BATCH) {
      const batch = jobs.slice(at, at + BATCH);
      for (const job of batch) layOutJob(course, job);
      const results = await runJobs(
        course,
        batch.map(({ job }) => job),
        { workers: this.options.workers ?? 2, silenceMs: SILENCE_MS },
      );
      for (const [index, job] of batch.entries()) {
        const result = results[index];
        this.#add(job.proof, job.name, result === undefined ? ['no result'] : job.judge(result), job.hash);
      }
    }
    for (const proof of [1, 2, 3, 4, 7]) this.#report(proof);
  }

  #due(job: ProofJob, course: Course): boolean {
    if (!this.#wanted(job.chapter, course)) return false;
    // With nothing recorded the last snapshot and the packages stand for the whole.
    if (this.options.changed === true && this.memory.empty && job.proof !== 1 && job.proof !== 2) return false;
    return !this.#skip(job.hash);
  }

  #wanted(chapter: number, course: Course): boolean {
    return this.options.changed !== true || !this.memory.empty || chapter === course.chapters.at(-1)?.number;
  }

  #skip(hash: string): boolean {
    if (this.options.changed !== true || !this.memory.knows(hash)) return false;
    this.known++;
    return true;
  }

  #chapters(course: Course): Course['chapters'] {
    const only = this.options.chapters;
    return only === undefined ? course.chapters : course.chapters.filter(chapter => only.includes(chapter.number));
  }

  #add(proof: number, name: string, problems: readonly string[], hash?: string): void {
    this.checks.push({ proof, name, problems });
    if (hash !== undefined && problems.length === 0) this.memory.pass(hash);
  }

  #report(proof: number): void {
    const own = this.checks.filter(check => check.proof === proof);
    const bad = own.filter(check => check.problems.length > 0);
    const seconds = ((Date.now() - this.started) / 1000).toFixed(1);
    const count = `${own.length - bad.length} of ${own.length}`;
    this.#print(`${bad.length === 0 ? 'ok    ' : 'FAILED'} ${proof} ${TITLES[proof] ?? ''}: ${count} (${seconds} s)`);
    for (const check of bad) {
      this.#print(`       ${check.name}`);
      for (const problem of check.problems) this.#print(`         ${problem}`);
    }
  }

  #print(line: string): void {
    this.options.print?.(line);
  }

  #end(counts: CourseCounts | undefined): Proof {
    const failed = this.checks.filter(check => check.problems.length > 0).length;
    const passed = this.checks.length - failed;
    const full = this.options.changed !== true && this.options.chapters === undefined && this.options.static !== true;
    // A first look at the last snapshot is no proof to build on.
    if (full || !this.memory.empty) this.memory.save(full);
    if (this.options.changed === true && this.memory.empty)
      this.#print('nothing is proven here yet, so only the last snapshot was run; npm run course:prove proves all');
    if (this.known > 0) this.#print(`${this.known} checks are proven already and unchanged`);
    this.#print(`${passed} passed, ${failed} failed`);
    return { passed, failed, known: this.known, checks: this.checks, counts };
  }
}

const BATCH = 32;
const SILENCE_MS = 60_000;

const prefix = (name: string, problems: readonly string[]): string[] => problems.map(problem => `${name}: ${problem}`);

/** Steps between two headings belong together: only after the last of them does the folder have to type-check. */
function stepGroups(lesson: WovenLesson): Step[][] {
  const groups: Step[][] = [];
  let open: Step[] = [];
  for (const item of lesson.lesson.items) {
    if (item.kind === 'heading' && open.length > 0) {
      groups.push(open);
      open = [];
    }
    const step = lesson.steps.find(({ step: candidate }) => candidate.marker === item)?.step;
    if (step !== undefined) open.push(step);
  }
  return open.length > 0 ? [...groups, open] : groups;
}
