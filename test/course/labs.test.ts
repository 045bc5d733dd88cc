/**
 * `course lab N`: the fault house beside a lab, on a learner's code and on the reference. The toy lab below is the form
 * that chapters copy. Then every chapter's own lab: it holds on the reference, and it fails on each mistake it names.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { loadCourse } from '../../chapters/tool/catalog.ts';
import { hasProgram, runProgram } from '../../chapters/tool/learner/chapter-program.ts';
import { referenceTarget } from '../../chapters/tool/targets.ts';
import { Desk, makeToyCourse, REPOSITORY } from './learner-toy.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

/** A store of lines `key=value`, in one file. `goodRead` forgives a torn last line, `badRead` does not. */
const tinyStore = (end: string): string => `/** Tiny store: a line for each put, in one file. */
import { join } from 'node:path';

export class TinyStore {
  readonly #file;
  readonly #values = new Map<string, string>();
  #size = 0;

  constructor(fs: any, directory: string) {
    const path = join(directory, 'lines');
    const isNew = !fs.list(directory).includes('lines');
    this.#file = fs.open(path, isNew ? 'create' : 'write');
    if (isNew) fs.syncDirectory(directory);
    const bytes = Buffer.alloc(this.#file.size());
    this.#file.read(bytes, 0, bytes.length, 0);
    this.#size = ${end};
    for (const line of bytes.toString('utf8', 0, this.#size).split('\\n').filter(Boolean)) {
      const [, key, value] = /^(\\w)=(\\w+);$/.exec(line) ?? [];
      if (key === undefined) throw new Error('damaged line: ' + JSON.stringify(line));
      this.#values.set(key, value!);
    }
    this.#file.truncate(this.#size);
    this.#file.syncData();
  }

  put(key: string, value: string): void {
    const line = Buffer.from(key + '=' + value + ';\\n');
    this.#file.write(line, 0, line.length, this.#size);
    this.#size += line.length;
    this.#values.set(key, value);
  }

  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  async close(): Promise<void> {
    this.#file.syncData();
    this.#file.close();
  }
}
`;
const GOOD = tinyStore("bytes.lastIndexOf(';\\n') < 0 ? 0 : bytes.lastIndexOf(';\\n') + 2");
const BAD = tinyStore('bytes.length');

const LAB = `import { TinyStore } from '#engine/tiny-store.ts';
import { type Afterwards, crashLab, type World } from './fault-house/index.ts';

async function workload({ fs, directory, story }: World): Promise<void> {
  const store = new TinyStore(fs, directory);
  await story.put(store, 'a', '1');
  await story.put(store, 'b', '2');
  await story.put(store, 'a', '3');
  await story.close(store);
}

async function reopen({ fs, directory, opened }: Afterwards): Promise<Map<string, string>> {
  const store = new TinyStore(fs, directory);
  opened();
  const found = new Map<string, string>();
  for (const key of ['a', 'b']) {
    const value = store.get(key);
    if (value !== undefined) found.set(key, value);
  }
  await store.close();
  return found;
}

const title = { en: 'a line that was cut short is no line', zh: '写了一半的行不算数' };
process.exitCode = await crashLab([{ title, workload, reopen, recoveryEvery: 1 }]);
`;

describe('A lab', () => {
  let root = '';
  let desk: Desk;
  beforeAll(async () => {
    root = makeToyCourse();
    mkdirSync(join(root, 'chapters/01-bytes/lab'), { recursive: true });
    writeFileSync(join(root, 'chapters/01-bytes/lab/main.ts'), LAB);
    desk = new Desk(root);
    await desk.begin({ chapter: 1 });
  });
  afterAll(() => {
    desk.remove();
    rmSync(root, { recursive: true, force: true });
  });

  test('finds the fault house beside it, and holds on code that is right', () => {
    desk.write('engine/src/tiny-store.ts', GOOD);
    const { code, out } = desk.course('lab 1');
    expect(out).toMatch(
      /✓ a line that was cut short is no line\n {2}holds: \d+ calls to the disk, \d+ disks opened twice/,
    );
    expect(code).toBe(0);
  });

  test('plays the smallest failing case frame by frame on code that is wrong, in both languages', () => {
    desk.write('engine/src/tiny-store.ts', BAD);
    const { code, out } = desk.course('lab 1');
    expect(code).toBe(1);
    expect(out).toContain('✗ a line that was cut short is no line');
    expect(out).toContain('frame 1 of 3 · before the first step');
    expect(out).toContain('put a = 1 · The process is killed');
    expect(out).toMatch(/in the middle of call \d+: write 5 bytes to lines, at 0/);
    expect(out).toContain('It could not be opened and read: damaged line: "a"');
    const chinese = desk.course('lab 1 --lang zh');
    expect(chinese.code).toBe(1);
    expect(chinese.out).toContain('第 1 帧，共 3 帧 · 第一步之前');
    expect(chinese.out).toContain('打不开或读不了：damaged line: "a"');
  });

  test('gives a program its result as JSON', () => {
    desk.write('engine/src/tiny-store.ts', BAD);
    const { code, out } = desk.course('lab 1 --json --lang en');
    expect(code).toBe(1);
    const [result] = JSON.parse(out) as { holds: boolean; reason: string; frames: { title: string }[] }[];
    expect(result).toMatchObject({ holds: false, reason: 'threw' });
    expect(result!.frames).toHaveLength(3);
  });

  test('says so when the code waits for something that never comes', () => {
    const never = GOOD.replace('this.#file.syncData();\n    this.#file.close();', 'await new Promise(() => {});');
    desk.write('engine/src/tiny-store.ts', never);
    const { code, out } = desk.course('lab 1 --lang en');
    expect(out).toContain('✗ a line that was cut short is no line\n  could not be tried to its end');
    expect(code).toBe(1);
  });

  test('says in one line that the code lacks what it imports', () => {
    rmSync(join(desk.folder, 'engine/src/tiny-store.ts'));
    const { code, out } = desk.course('lab 1 --lang en');
    expect(code).toBe(1);
    expect(out).toContain('The lab could not run on this code: ');
    expect(out).not.toMatch(/\n\s+at /);
  });
});

interface Mistake {
  readonly name: string;
  readonly file: string;
  readonly replace: string;
  readonly with: string;
}

const course = loadCourse(REPOSITORY);
const withLab = course.chapters.filter(chapter => hasProgram(chapter, 'lab'));

describe.each(withLab)('The lab of chapter $id', chapter => {
  const run = (target: string, lang = 'en') =>
    runProgram({ chapter, kind: 'lab', target, lang, args: ['--json'], capture: true });

  test('holds on the reference', () => {
    const { status, stdout } = run(referenceTarget(course, chapter.number));
    expect(stdout).not.toContain('"holds": false');
    expect(status).toBe(0);
  });

  const path = join(chapter.dir, 'lab', 'mistakes.json');
  const mistakes = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Mistake[]) : [];

  test('names a mistake that it shows', () => {
    expect(mistakes.length).toBeGreaterThan(0);
  });

  test.each(mistakes)('shows frame by frame: $name', ({ file, replace, with: text }) => {
    const target = mkdtempSync(join(tmpdir(), 'zerocask-lab-'));
    try {
      for (const name of readdirSync(referenceTarget(course, chapter.number)).filter(each => !each.startsWith('.'))) {
        cpSync(join(referenceTarget(course, chapter.number), name), join(target, name), {
          recursive: true,
          verbatimSymlinks: true,
        });
      }
      const code = readFileSync(join(target, file), 'utf8');
      expect(code.split(replace)).toHaveLength(2);
      writeFileSync(
        join(target, file),
        code.replace(replace, () => text),
      );
      const { status, stdout } = run(target);
      expect(status).toBe(1);
      const results = JSON.parse(stdout) as { holds: boolean; frames?: unknown[] }[];
      expect(results.at(-1)).toMatchObject({ holds: false });
      expect(results.at(-1)!.frames!.length).toBeGreaterThan(2);
    } finally {
      rmSync(target, { recursive: true, force: true });
    }
  });
});
