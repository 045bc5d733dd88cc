import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { hexDifference, hexDump } from '../../chapters/tool/learner/hex-view.ts';
import { inspectFile } from '../../chapters/tool/learner/inspect.ts';
import { renderMarkdown } from '../../chapters/tool/learner/lesson-view.ts';
import { messageKeys, speak } from '../../chapters/tool/learner/messages.ts';
import { SYLLABUS } from '../../chapters/tool/learner/syllabus.ts';
import { columnsOf, paintFor, wrap } from '../../chapters/tool/learner/terminal.ts';
import { encodeFileHeader } from '../../engine/src/format/file-header.ts';
import { encodeRecord, KIND_PUT, KIND_TOMBSTONE } from '../../engine/src/format/record.ts';
import { Desk, makeToyCourse, REFERENCE, REPOSITORY } from './learner-toy.ts';

vi.setConfig({ testTimeout: 240_000 });

let root = '';
let desk: Desk;
beforeAll(() => {
  root = makeToyCourse();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  desk = new Desk(root);
});
afterEach(() => desk.remove());

describe('Build mode', () => {
  test('signatures are laid out with bodies that throw, and the check names the empty ones', () => {
    const { out } = desk.course('start 1 --build');
    expect(out).toContain('laid out   engine/src/format/number.ts');
    expect(desk.read('engine/src/format/number.ts')).toContain("throw new Error('chapter 01: encodeNumber');");
    const red = desk.course('check');
    expect(red.code).toBe(1);
    expect(red.out).toContain('Still empty: encodeNumber.');
  });

  test('a file that the learner has already is never rewritten, the contract stands beside the checkpoint', async () => {
    await desk.begin({ chapter: 1, build: true });
    desk.write('engine/src/format/number.ts', '// mine\n');
    const { out } = desk.course('start --build');
    expect(desk.read('engine/src/format/number.ts')).toBe('// mine\n');
    expect(out).toMatch(
      /signatures and docs: checkpoints\/01-bytes\/CONTRACT\.md\n +engine\/src\/format\/number\.ts: encodeNumber/,
    );
    expect(desk.read('checkpoints/01-bytes/CONTRACT.md')).toContain('encodeNumber(n: number): Buffer;');
  });

  test('programs that are there to be run are laid out whole, and a green chapter gets no stubs', async () => {
    await desk.begin({ chapter: 1, build: true });
    expect(desk.course('hint').code).toBe(0);
    desk.write('engine/src/format/number.ts', REFERENCE.number);
    expect(desk.course('check').code).toBe(0);
    rmSync(join(desk.folder, 'engine/src/format/number.ts'));
    desk.course('start 1 --build');
    expect(existsSync(join(desk.folder, 'engine/src/format/number.ts'))).toBe(false);
    const real = new Desk(REPOSITORY);
    await real.begin({ chapter: 1, build: true });
    expect(real.read('sketch/compare.ts')).toContain('import');
    expect(existsSync(join(real.folder, 'sketch/tree-page.ts'))).toBe(false);
    expect(real.read('sketch/tree-store.ts')).toContain("throw new Error('chapter 01:");
    real.remove();
  });

  test('a chapter built in another way than the reference is green', async () => {
    await desk.begin({ build: true });
    desk.write(
      'sketch/first.ts',
      'export class First extends Map<string, string> { put(k: string, v: string) { this.set(k, v); } }\n',
    );
    expect(desk.course('check').code).toBe(0);
    expect(existsSync(join(desk.folder, 'engine/src/format/number.ts'))).toBe(true);
  });
});

describe('The JavaScript edition', () => {
  test('start, check, diff, solve and the lesson speak JavaScript', async () => {
    await desk.begin({ chapter: 1, js: true });
    expect(readdirSync(desk.folder)).toContain('vitest.config.js');
    expect(desk.read('sketch/first.js')).not.toContain(': string');
    expect(desk.course('check').out).toContain('To write: engine/src/format/number.js');
    expect(desk.course('read 1').out).toContain('export function encodeNumber(n) {');
    expect(desk.course('diff 1').out).toContain('+export function encodeNumber(n) {');
    expect(desk.course('solve --force').code).toBe(0);
    expect(desk.course('check').code).toBe(0);
    expect(desk.course('start --ts').out).toContain('the other language');
  });

  test('a syntax error names its file and line', async () => {
    await desk.begin({ chapter: 1, js: true });
    desk.write('engine/src/format/number.js', '// a number\nexport function encodeNumber((n) {\n');
    const { out } = desk.course('check');
    expect(out).toContain('your code: engine/src/format/number.js:2');
    expect(out).toMatch(/✗ 01 Bytes\n/);
    expect(out).not.toContain('0/0');
  });

  test('its stubs are JavaScript too', async () => {
    await desk.begin({ chapter: 1, js: true, build: true });
    expect(desk.read('engine/src/format/number.js')).toContain('export function encodeNumber(n) {');
  });
});

describe('The lesson as a film', () => {
  test('play --apply carries each block into the folder, and leaves what the learner changed', async () => {
    await desk.begin();
    expect(desk.course('play --apply').out).toContain('-> written to sketch/first.ts');
    expect(desk.read('sketch/first.ts')).toBe(REFERENCE.first);
    expect(desk.course('play --apply').out).toContain('-> already in sketch/first.ts');
    desk.course('check');
    desk.write('engine/src/format/number.ts', '// mine\n');
    expect(desk.course('play --apply').out).toContain(
      '-> yours differs and was left alone: npm run course -- diff 1 me',
    );
    expect(desk.read('engine/src/format/number.ts')).toBe('// mine\n');
  });

  test('play --from begins with the prose of that block', () => {
    const { out } = desk.course('play 0 --from 1');
    expect(out).toContain('It begins with a Map.');
    const later = desk.course('play 1 --from 2').out;
    expect(later).not.toContain('A number is bytes too.');
    expect(later).toMatch(/\[2\/2\][\s\S]*Decode/);
  });

  test('a challenge is tested on its own, and what it misses is named', async () => {
    const folder = join(root, 'chapters/00-first/challenges');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'second.test.ts'),
      "import { expect, test } from 'vitest';\nimport { second } from '#sketch/second.ts';\ntest('second is 2', () => { expect(second()).toBe(2); });\n",
    );
    await desk.begin();
    expect(desk.course('challenge 0').out).toContain('second');
    const red = desk.course('challenge 0 second');
    expect(red).toMatchObject({ code: 1, out: expect.stringContaining('To write: sketch/second.ts') });
    desk.write('sketch/second.ts', 'export const second = (): number => 2;\n');
    expect(desk.course('challenge 0 second')).toMatchObject({ code: 0, out: expect.stringContaining('Done: second') });
  });
});

describe('Programs of a chapter', () => {
  const program = (kind: string, text: string): void => {
    mkdirSync(join(root, 'chapters/01-bytes', kind), { recursive: true });
    writeFileSync(join(root, 'chapters/01-bytes', kind, 'main.ts'), text);
  };
  const wrong = REFERENCE.number.replace('writeUInt32LE', 'writeUInt32BE');

  test("a lab runs on the learner's code, and its exit code is the command's", async () => {
    program(
      'lab',
      "import { encodeNumber } from '#engine/format/number.ts';\nconst n: number = 1;\nconsole.log(encodeNumber(n).toString('hex'));\nprocess.exit(3);\n",
    );
    await desk.begin({ chapter: 1 });
    desk.write('engine/src/format/number.ts', wrong);
    expect(desk.course('lab 1')).toEqual({ code: 3, out: '00000001\n' });
    expect(desk.course('lab 0').out).toContain('Chapters with one: 01');
  });

  test("a benchmark puts the learner's figure beside the reference's and keeps a ledger", async () => {
    program(
      'bench',
      "import { encodeNumber } from '#engine/format/number.ts';\nconst value: number = 1000 * encodeNumber(1)[0]! + 500;\nconsole.log(JSON.stringify({ name: 'made up', value, unit: 'ops/s' }));\n",
    );
    await desk.begin({ chapter: 1 });
    desk.write('engine/src/format/number.ts', wrong);
    const { out } = desk.course('bench 1');
    expect(out).toMatch(/made up\n +yours +.* 500 ops\/s\n +reference +.* 1,500 ops\/s/);
    expect(desk.state()['bench']).toMatchObject({ '01 made up': [{ value: 500, unit: 'ops/s' }] });
  });
});

describe('A copy moved out of the clone', () => {
  test('runs its checkpoints with the tools of its own and links its own engine', async () => {
    await desk.begin({ chapter: 2 });
    desk.write('engine/src/format/number.ts', REFERENCE.numberChecked);
    desk.write('engine/src/store.ts', REFERENCE.store);
    desk.write('engine/src/index.ts', REFERENCE.index);
    expect(desk.course('check').code).toBe(0);
    // Deep enough that the path to the clone, which is relative, leads nowhere.
    const away = join(mkdtempSync(join(tmpdir(), 'zerocask-away-')), 'a/b/c/d/e/f/g/h/my-kv');
    cpSync(desk.folder, away, { recursive: true, verbatimSymlinks: true });
    const run = (command: string) =>
      spawnSync(process.execPath, ['.course/run.mjs', command], {
        cwd: away,
        encoding: 'utf8',
        env: desk.environment(),
      });
    expect(run('check').stderr).toContain('npm install');
    installed(away, ['vitest', 'typescript', 'tsx', 'vite', '@types']);
    const checked = run('check');
    expect(checked.stdout).toMatch(/4 passed/);
    expect(checked.status).toBe(0);
    const use =
      "import { Store } from '@zerocask/engine'; const s = new Store(); s.put('a', 7); console.log(s.get('a'));";
    const own = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', use], {
      cwd: away,
      encoding: 'utf8',
    });
    expect(own.stdout).toBe('7\n');
    expect(run('serve')).toMatchObject({ status: 1, stderr: expect.stringContaining('chapter 22') });
    expect(run('hint').stderr).toContain('ZEROCASK_CLONE');
    rmSync(away, { recursive: true, force: true });
  });

  /** What `npm install` would bring, from the clone. */
  function installed(folder: string, names: readonly string[]): void {
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    for (const name of names) {
      symlinkSync(join(REPOSITORY, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
    }
  }
});

describe('A folder that is reached through a link', () => {
  test.skipIf(process.platform === 'win32')(
    'is checked as one folder: a class is the same from every side',
    async () => {
      await desk.begin({ chapter: 2 });
      desk.write('engine/src/format/number.ts', REFERENCE.numberChecked);
      desk.write('engine/src/store.ts', `${REFERENCE.store}`);
      const link = join(desk.home, 'link');
      symlinkSync(desk.folder, link);
      expect(desk.course(`check --dir ${link}`).code).toBe(0);
    },
  );
});

describe('The real course', () => {
  const written = readdirSync(join(REPOSITORY, 'chapters')).filter(
    name => /^\d\d-/.test(name) && existsSync(join(REPOSITORY, 'chapters', name, 'checkpoint.test.ts')),
  );

  test.runIf(written.length > 0)(
    'the first chapter, played into the folder, is green in both languages',
    () => {
      for (const lang of ['en', 'zh']) {
        const real = new Desk(REPOSITORY);
        expect(real.course(`start --lang ${lang}`).code).toBe(0);
        expect(real.course('play --apply').code).toBe(0);
        expect(real.course('check')).toMatchObject({ code: 0 });
        expect(real.state()['lang']).toBe(lang);
        real.remove();
      }
    },
    60_000,
  );
});

describe('Sentences and pictures', () => {
  test('both languages of a message use the same parameters, and no message is empty', () => {
    const parameters = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
    for (const key of messageKeys) {
      const [en, zh] = [speak('en', key), speak('zh', key)];
      expect(en, key).not.toBe('');
      expect([...new Set(parameters(zh))], key).toEqual([...new Set(parameters(en))]);
    }
  });

  test('the syllabus has thirty chapters, numbered in order, in three parts', () => {
    expect(SYLLABUS.map(entry => entry.number)).toEqual(Array.from({ length: 30 }, (_, number) => number));
    expect(new Set(SYLLABUS.map(entry => entry.track)).size).toBe(3);
  });

  test('hex rows show sixteen bytes and their text', () => {
    expect(hexDump(Buffer.from('ZEROCASK\x01'))).toBe(
      '00000000  5a 45 52 4f 43 41 53 4b 01                       |ZEROCASK.|',
    );
  });

  test('the caret stands under the first byte that differs, in its row', () => {
    const labels = { expected: 'expected', yours: 'yours' };
    for (const at of [0, 5, 15, 16, 40]) {
      const expected = Buffer.alloc(48, 1);
      const yours = Buffer.from(expected);
      yours[at] = 2;
      const lines = hexDifference(expected, yours, labels);
      const caret = lines.at(-1)!.indexOf('^^');
      expect(lines.at(-2)!.slice(caret, caret + 2)).toBe('02');
      expect(lines.at(-3)!.slice(caret, caret + 2)).toBe('01');
    }
  });

  test('Chinese counts two columns and breaks between characters', () => {
    expect(columnsOf('键a值')).toBe(5);
    expect(
      wrap('一二三四五，六七', 10)
        .split('\n')
        .every(line => columnsOf(line) <= 12),
    ).toBe(true);
    expect(wrap('a word or two', 6)).toBe('a word\nor two');
  });

  test('Markdown becomes text: markers vanish, code stays, wide tables become lists', () => {
    const style = { paint: paintFor({}, { NO_COLOR: '1' }), columns: 40 };
    const text = renderMarkdown(
      '# T\n\nSome **bold** `code`.\n\n```ts\nconst a = 1;\n```\n<!-- code: x -->\n> a\n> b\n',
      style,
    );
    expect(text).toBe('T\n\nSome bold code.\n\n    const a = 1;\n> a b');
    expect(renderMarkdown('| a | b |\n| --- | --- |\n| 1 | 2 |\n', style)).toBe('a  b\n1  2');
  });
});

describe('Inspecting a data file', () => {
  const salt = 0x1234_5678;
  const file = (...records: Array<{ kind: number; key: string; value: string }>): Buffer => {
    const parts = [encodeFileHeader({ fileId: 1, salt })];
    let offset = parts[0]!.length;
    for (const [index, { kind, key, value }] of records.entries()) {
      const bytes = encodeRecord(
        { kind, seq: index + 1, key: Buffer.from(key), value: Buffer.from(value) },
        salt,
        offset,
      );
      parts.push(bytes);
      offset += bytes.length;
    }
    return Buffer.concat(parts);
  };
  const two = [
    { kind: KIND_PUT, key: 'user:1', value: 'Ada' },
    { kind: KIND_TOMBSTONE, key: 'user:1', value: '' },
  ];

  test('every byte of a record belongs to one field, in order', () => {
    const { records, stopped } = inspectFile('0000000001.data', file(...two));
    expect(stopped).toBeUndefined();
    expect(records.map(({ kind, key, value }) => [kind, key, value])).toEqual([
      ['put', 'user:1', 'Ada'],
      ['tombstone', 'user:1', ''],
    ]);
    for (const { offset, size, fields } of records) {
      let at = offset;
      for (const field of fields) {
        expect(field.offset).toBe(at);
        at += field.size;
      }
      expect(at).toBe(offset + size);
    }
  });

  test('a cut file is torn, a flipped bit is corrupt with the next readable record, zeroes are zeroes', () => {
    const whole = file(...two);
    expect(inspectFile('x', whole.subarray(0, -1)).stopped).toEqual({ offset: 52, why: 'torn' });
    const flipped = Buffer.from(whole);
    flipped[50]! ^= 1;
    expect(inspectFile('x', flipped).stopped).toEqual({ offset: 32, why: 'corrupt', nextReadable: 52 });
    expect(inspectFile('x', Buffer.concat([whole, Buffer.alloc(64)])).stopped?.why).toBe('zeroes');
  });

  test('the command shows offsets, fields and bytes, and says where there is nothing to see', () => {
    const data = join(desk.home, 'data');
    mkdirSync(data);
    writeFileSync(join(data, '0000000001.data'), file(...two));
    const { code, out } = desk.course(`inspect ${data}`);
    expect(code).toBe(0);
    expect(out).toContain('@32 put seq=1 key="user:1" value="Ada" crc=ok');
    expect(out).toMatch(/00000020 {2}.*\|.*user:\|/);
    writeFileSync(join(data, '0000000001.data'), file(...two).subarray(0, -1));
    expect(desk.course(`inspect ${data}`).out).toMatch(/\|\n\n@52 torn: the file ends before this record does/);
    writeFileSync(join(data, '0000000001.data'), file(...two).subarray(0, 20));
    expect(desk.course(`inspect ${data}`).out).toContain(
      '\n\n@0 torn: the file ends before its header does (20 bytes)\n',
    );
    expect(desk.course(`inspect ${desk.home}`)).toMatchObject({
      code: 1,
      out: expect.stringContaining('no data files'),
    });
  });
});
