import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Course, loadCourse } from '../../chapters/tool/catalog.ts';
import { prove } from '../../chapters/tool/prove.ts';
import { type ChapterResult, runJobs } from '../../chapters/tool/run-checkpoints.ts';
import { finalTarget, referenceTarget } from '../../chapters/tool/targets.ts';
import { buildToy, copyToy, edit, removeToy, write } from './toy.ts';

let toy = '';
let broken = '';
beforeAll(() => {
  toy = buildToy();
  broken = copyToy(toy);
});
afterAll(() => {
  removeToy(toy);
  removeToy(broken);
});

const PREFIX = "import { expect, test } from 'vitest';\n";

describe('checkpoints that go wrong', () => {
  const bodies = [
    "import { gone } from '#engine/gone.ts';\ntest('never runs', () => expect(gone).toBe(1));\n",
    "test('fine', () => {});\ntest('turns for ever', () => {\n  for (;;);\n});\n",
    "test('forgets a promise', () => void Promise.reject(new Error('nobody waits')));\n",
    "test('wants two', () => expect({ a: 1 }).toEqual({ a: 2 }));\ntest('skips', context => context.skip());\n",
  ];
  const results = new Map<number, ChapterResult>();

  beforeAll(async () => {
    const course: Course = loadCourse(broken);
    for (const [number, body] of bodies.entries()) {
      const folder = course.chapters[number]?.id ?? '';
      write(broken, `chapters/${folder}/checkpoint.test.ts`, PREFIX + body);
    }
    const jobs = bodies.map((_, number) => ({
      name: `job ${number}`,
      target: referenceTarget(course, 3),
      chapters: [number],
    }));
    for (const { chapters } of await runJobs(course, jobs, { silenceMs: 5000 })) {
      for (const chapter of chapters) results.set(chapter.chapter, chapter);
    }
  });

  test('a missing file is an error that names it as the learner knows it', () => {
    expect(results.get(0)).toMatchObject({ green: false, tests: [] });
    expect(results.get(0)?.errors[0]?.message).toContain("Cannot find module 'engine/src/gone.ts'");
  });

  test('an endless loop is named, and the other jobs are run all the same', () => {
    expect(results.get(1)?.green).toBe(false);
    expect(results.get(1)?.tests.at(-1)).toMatchObject({ name: 'turns for ever', state: 'failed' });
    expect(results.get(1)?.tests.at(-1)?.failures[0]?.message).toContain('endless loop');
    expect([...results.keys()].sort()).toEqual([0, 1, 2, 3]);
  });

  test('a promise that nobody waits for turns its checkpoint red', () => {
    expect(results.get(2)?.green).toBe(false);
    expect(results.get(2)?.errors[0]?.message).toContain('nobody waits');
  });

  test('a failure comes with what was expected, and where', () => {
    const [failed, skipped] = results.get(3)?.tests ?? [];
    expect(failed).toMatchObject({ name: 'wants two', state: 'failed' });
    expect(failed?.failures[0]?.diff).toContain('-   "a": 2');
    expect(failed?.failures[0]?.frames[0]?.file.replaceAll('\\', '/')).toContain(
      'chapters/03-delete/checkpoint.test.ts',
    );
    expect(skipped?.state).toBe('skipped');
  });
});

test('the packages are a target too', async () => {
  const course = loadCourse(toy);
  const [result] = await runJobs(course, [{ name: 'final', target: finalTarget(course), chapters: [0, 1, 2, 3] }]);
  expect(result?.green).toBe(true);
});

test('what proofs run is judged: an unnoticed mutant, a green starter, a step that does not type-check', async () => {
  const root = copyToy(toy);
  try {
    edit(root, 'chapters/01-format/chapter.json', '"caughtBy": "a line comes back"', '"caughtBy": "a key has a limit"');
    edit(root, 'chapters/01-format/chapter.json', '"greenAtStart": ["a key has a limit"]', '"greenAtStart": []');
    for (const lesson of ['README.md', 'README.zh.md']) {
      edit(root, `chapters/01-format/${lesson}`, '<!-- /code -->\n', '<!-- /code -->\n\n### The other half\n');
    }
    const { checks } = await prove(root, { chapters: [1] });
    const problems = checks.flatMap(check => check.problems).join('\n');
    expect(problems).toContain(
      'mutant "no tab": "a key has a limit" stays green; these notice it: "Format > a line comes back"',
    );
    expect(problems).toContain('"Format > a key has a limit" is green on the starter; "greenAtStart" does not list it');
    expect(problems).toMatch(
      /01-format\/README\.md:\d+: after this step the folder does not type-check: engine\/src\/format\.ts:\d+:\d+: Cannot find name 'pad'/,
    );
  } finally {
    removeToy(root);
  }
});

test('a view is a plain folder: aliases and the engine by its name lead into it', async () => {
  const course = loadCourse(toy);
  const dir = referenceTarget(course, 2);
  const { spawnSync } = await import('node:child_process');
  write(
    dir,
    'probe.ts',
    "import { Store } from '@zerocask/engine';\nimport { encode } from '#engine/format.ts';\nconsole.log(Store.name, encode({ key: 'k', value: 'v' }));\n",
  );
  const run = spawnSync(process.execPath, ['--import', 'tsx', 'probe.ts'], { cwd: dir, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.stdout).toBe('Store k       \tv\n');
  expect(join(dir)).toContain('.views');
});
