/**
 * The child process of run-checkpoints.ts: one vitest project for each job, results as messages to the parent.
 *
 * A project's aliases lead `#engine/...`, `#redis-compat/...` and `#sketch/...` into its target; a `.ts` that the target has as `.js` is
 * found there. Checkpoints are not isolated from each other: sixty files start in half a second instead of ten.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { TestCase, TestModule, TestProject } from 'vitest/node';
import { startVitest } from 'vitest/node';
import { type ChildMessage, type ChildRequest, samePath } from './checkpoint-child.ts';
import type { ChapterResult, TestFailure, TestResult } from './run-checkpoints.ts';
import { ALIASES } from './targets.ts';

const SETUP = fileURLToPath(new URL('./checkpoint-setup.ts', import.meta.url));

process.once('message', message => void run(message as ChildRequest));
process.once('disconnect', () => process.exit(1));

const tell = (message: ChildMessage): void => void process.send?.(message);

async function run(request: ChildRequest): Promise<void> {
  process.on('message', message => {
    if (message === 'exit') process.exit(0);
  });
  const jobs = new Map(request.jobs.map(job => [job.name, job]));
  const where = (project: TestProject, file: string): { job: string; chapter: number } => {
    const chapter = jobs.get(project.name)?.files.find(f => samePath(f.file, file))?.chapter;
    return { job: project.name, chapter: chapter ?? -1 };
  };
  const vitest = await startVitest(
    'test',
    [],
    {
      watch: false,
      root: request.root,
      config: false,
      pool: 'threads',
      isolate: false,
      maxWorkers: request.workers,
      silent: true,
      ...(request.testNamePattern === undefined ? {} : { testNamePattern: request.testNamePattern }),
      projects: request.jobs.map(job => project(request, job)),
      reporters: [
        {
          onTestCaseResult: test => {
            const place = where(test.project, test.module.moduleId);
            tell({ kind: 'test', ...place, result: testResult(test) });
          },
          onTestModuleEnd: module => {
            const { job, chapter } = where(module.project, module.moduleId);
            tell({ kind: 'chapter', job, result: chapterResult(chapter, module) });
          },
          onTestRunEnd: (_modules, unhandled) => {
            const errors = unhandled.map(error => ({ ...toFailure(error), file: fileOf(error) }));
            tell({ kind: 'done', errors });
          },
        },
      ],
    },
    { logLevel: 'silent', clearScreen: false },
  );
  await vitest.close();
  process.exit(0);
}

function project(request: ChildRequest, job: ChildRequest['jobs'][number]): Record<string, unknown> {
  return {
    root: request.root,
    extends: false,
    plugins: [aliases(job.target)],
    server: { fs: { strict: false }, watch: null },
    test: {
      name: job.name,
      include: job.files.map(({ file }) => relative(request.root, file).split(sep).join('/')),
      exclude: [],
      testTimeout: 15_000,
      hookTimeout: 15_000,
      pool: 'threads',
      isolate: false,
      setupFiles: [SETUP],
      env: {
        FORCE_COLOR: '0',
        ZEROCASK_TARGET: job.target,
        ZEROCASK_JOB: job.name,
        ZEROCASK_PROGRESS: request.progress,
      },
    },
  };
}

interface Resolver {
  readonly name: string;
  readonly enforce: 'pre';
  resolveId(id: string, importer: string | undefined): string | undefined;
}

function aliases(target: string): Resolver {
  return {
    name: 'zerocask-target',
    enforce: 'pre',
    resolveId(id, importer) {
      for (const [alias, folder] of Object.entries(ALIASES)) {
        if (id.startsWith(`${alias}/`)) return found(join(target, folder, id.slice(alias.length + 1)));
      }
      // A relative import inside of a JavaScript target, or of a file that a learner has not written yet.
      if (importer?.startsWith(target) && id.startsWith('.')) return found(join(dirname(importer), id));
      return undefined;
    },
  };
}

/** The file, or its JavaScript twin. */
function found(file: string): string {
  const js = file.replace(/\.ts$/, '.js');
  return !existsSync(file) && existsSync(js) ? js : file;
}

function sectionOf(test: TestCase): string {
  const names: string[] = [];
  for (let at = test.parent; at.type === 'suite'; at = at.parent) names.unshift(at.name);
  return names.join(' > ');
}

function testResult(test: TestCase): TestResult {
  const result = test.result();
  const state = result.state === 'pending' ? 'skipped' : result.state;
  return {
    section: sectionOf(test),
    name: test.name,
    state,
    durationMs: test.diagnostic()?.duration ?? 0,
    failures: (result.errors ?? []).map(toFailure),
    notes: test.annotations().map(note => ({ message: note.message, type: note.type })),
  };
}

function chapterResult(chapter: number, module: TestModule): ChapterResult {
  const tests = [...module.children.allTests()].map(testResult);
  const errors = [...module.errors()];
  for (const suite of module.children.allSuites()) errors.push(...suite.errors());
  const green =
    errors.length === 0 && tests.every(test => test.state !== 'failed') && tests.some(test => test.state === 'passed');
  return { chapter, green, tests, errors: errors.map(toFailure) };
}

/** The shape that vitest gives an error when it crosses from the worker. */
interface WorkerError {
  message?: string;
  name?: string;
  expected?: unknown;
  actual?: unknown;
  diff?: string;
  stacks?: { file: string; line: number; column: number; method: string }[];
}

function toFailure(error: unknown): TestFailure {
  const { message, name, expected, actual, diff, stacks } = error as WorkerError;
  const frames = (stacks ?? []).map(({ file, line, column, method }) => ({ file, line, column, method }));
  return {
    message: plain(message ?? String(error)),
    name: name ?? 'Error',
    ...(typeof expected === 'string' ? { expected } : {}),
    ...(typeof actual === 'string' ? { actual } : {}),
    ...(diff === undefined ? {} : { diff: stripVTControlCharacters(diff) }),
    frames,
  };
}

/** Without colours, and with a missing file named from the target on. */
function plain(message: string): string {
  const text = stripVTControlCharacters(message);
  return text.replace(/Cannot find module '[^']*?((?:engine|redis-compat)\/src\/|sketch\/)/, "Cannot find module '$1");
}

/** The test file in which an error came up that belongs to no test. */
const fileOf = (error: unknown): string => (error as { VITEST_TEST_PATH?: string }).VITEST_TEST_PATH ?? '';
