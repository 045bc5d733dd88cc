/**
 * Runs checkpoints on the learner's folder with vitest, in this process: the test runner starts once, in half a second,
 * and `course watch` keeps it loaded. (The authors' proofs run many targets in a child process: run-checkpoints.ts.)
 */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestCase, TestModule, Vitest } from 'vitest/node';
import { type CheckOutcome, type CheckRequest, ENDLESS, outcomeOf, type TestOutcome } from './check-outcome.ts';
import { posix, programRoot } from './places.ts';
import { learnerFolder } from './stand-ins.ts';

/** No test of the course takes a second; after this long without news a test is caught in an endless loop. */
const SILENCE_MS = 12_000;

/**
 * Runs the checkpoints. What the learner's code prints goes to stderr as it comes. A test that never ends can't be
 * stopped from inside its thread: after a while of silence the run is given up, and that test counts as failed.
 */
export async function runCheckpoints(asked: CheckRequest): Promise<CheckOutcome> {
  // Relative imports lead to real paths; were the folder named through a link, a file would be loaded twice.
  const request: CheckRequest = { ...asked, folder: realpathSync.native(asked.folder) };
  const { startVitest } = await import('vitest/node');
  const notes = mkdtempSync(join(tmpdir(), 'zerocask-check-'));
  const seen: TestCase[] = [];
  const modules = new Set<TestModule>();
  const unhandled: unknown[] = [];
  let vitest: Vitest | undefined;
  const silence = new Silence(Number(process.env['ZEROCASK_SILENCE_MS'] ?? SILENCE_MS));
  const run = startVitest(
    'test',
    [],
    {
      root: programRoot,
      config: false,
      watch: false,
      include: request.chapters.map(chapter => posix(relative(programRoot, chapter.checkpoint))),
      setupFiles: [fileURLToPath(new URL('./check-setup.ts', import.meta.url))],
      pool: 'threads',
      isolate: false,
      maxWorkers: Math.min(2, request.chapters.length),
      testTimeout: 15_000,
      ...(request.section === undefined ? {} : { testNamePattern: testsOf(request.section) }),
      passWithNoTests: true,
      teardownTimeout: 1000,
      env: { ZEROCASK_TARGET: request.folder, ZEROCASK_NOTES: notes },
      reporters: [
        {
          onInit: started => {
            vitest = started;
          },
          onUserConsoleLog: log => void process.stderr.write(log.content),
          onTestModuleCollected: () => silence.broken(),
          onTestCaseResult: test => {
            silence.broken();
            seen.push(test);
          },
          onTestModuleEnd: module => void modules.add(module),
          onTestRunEnd: (ended, errors) => {
            for (const module of ended) modules.add(module);
            unhandled.push(...errors);
          },
        },
      ],
    },
    { plugins: [learnerFolder(request)], logLevel: 'silent', server: { watch: null, fs: { strict: false } } },
  );
  const hung = (await Promise.race([run, silence.long])) === HUNG;
  const stuck = hung ? stuckTests(request, notes) : [];
  silence.end();
  // A thread in an endless loop is left behind; it goes when this process goes.
  if (hung) void vitest?.close();
  else await (vitest as Vitest | undefined)?.close();
  rmSync(notes, { recursive: true, force: true });
  process.exitCode = 0; // vitest sets it on failures; the command decides
  const outcome = outcomeOf(request, [...modules], hung ? seen : undefined, unhandled);
  const broken = hung && stuck.length === 0 ? [...outcome.broken, stuckLoading(request, modules)] : outcome.broken;
  return { tests: [...outcome.tests, ...stuck], broken };
}

/** Vitest's name of a test is its section's, a space, its own. */
const testsOf = (section: string): RegExp => new RegExp(`^${section.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')} `);

const HUNG = Symbol('hung');

/** Resolves `long` when nothing was heard for a while. */
class Silence {
  readonly long: Promise<typeof HUNG>;
  readonly #limitMs: number;
  #timer: NodeJS.Timeout | undefined;
  #give: (value: typeof HUNG) => void = () => {};

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.long = new Promise(give => {
      this.#give = give;
    });
    this.broken();
  }

  broken(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#give(HUNG), this.#limitMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** The tests that had begun and not ended, from the notes that check-setup.ts leaves. */
function stuckTests({ chapters }: CheckRequest, notes: string): TestOutcome[] {
  return readdirSync(notes).map(name => {
    const { file, section, test } = JSON.parse(readFileSync(join(notes, name), 'utf8')) as Record<string, string>;
    const chapter = chapters.find(each => resolve(each.checkpoint) === resolve(file ?? ''))?.number ?? -1;
    const failures = [{ name: 'Error', message: ENDLESS, frames: [] }];
    return { chapter, section: section ?? '', name: test ?? '', state: 'failed', failures };
  });
}

/** No test was running: a file of the first chapter that has not ended does not come to an end while it is loaded. */
function stuckLoading({ chapters }: CheckRequest, ended: ReadonlySet<TestModule>): CheckOutcome['broken'][number] {
  const done = new Set([...ended].map(module => resolve(module.moduleId)));
  const chapter = chapters.find(each => !done.has(resolve(each.checkpoint)))?.number ?? -1;
  return { chapter, failures: [{ name: 'Error', message: ENDLESS, frames: [] }] };
}
