import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Desk, makeToyCourse, REFERENCE } from './learner-toy.ts';

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

describe('Before there is a folder', () => {
  test('course welcomes and tells the next command, and asks nothing where there is no terminal', () => {
    const { code, out } = desk.course('');
    expect(code).toBe(0);
    expect(out).toContain('Welcome');
    expect(out).toContain('npm run course -- start');
    expect(existsSync(desk.folder)).toBe(false);
  });

  test('the language follows the locale, and --lang wins over it', () => {
    expect(desk.course('', { env: { LANG: 'zh_CN.UTF-8' } }).out).toContain('欢迎');
    expect(desk.course('--lang en', { env: { LANG: 'zh_CN.UTF-8' } }).out).toContain('Welcome');
  });

  test('check, hint and the others say how to begin', () => {
    for (const command of ['check', 'goto 1', 'watch']) {
      const { code, out } = desk.course(command);
      expect(code, command).toBe(1);
      expect(out, command).toMatch(/Begin with: npm run course.* start/);
    }
  });

  test('an unknown command is answered with the nearest one, in both languages', () => {
    expect(desk.course('chekc')).toEqual({
      code: 1,
      out: 'There is no command "chekc".\nDid you mean "check"?\n',
    });
    expect(desk.course('chekc --lang zh').out).toContain('你是想用 “check” 吗？');
  });

  test('a wrong option, a missing argument and a wrong number are one line each, not a stack', () => {
    expect(desk.course('check --nope').out).toContain('There is no option --nope.');
    expect(desk.course('goto').out).toContain('One thing is missing: N');
    expect(desk.course('check 1 2').out).toContain('That is one word too many.');
    expect(desk.course('--lang fr').out).toContain('"fr" is none of: en, zh');
    expect(desk.course('start x').out).toContain('"x" is no chapter number');
    for (const args of ['check --nope', 'goto', 'start x']) expect(desk.course(args).out).not.toMatch(/\n\s+at /);
  });

  test('help comes with an example', () => {
    for (const name of ['start', 'diff', 'inspect']) {
      const { code, out } = desk.course(`${name} --help`);
      expect(code, name).toBe(0);
      expect(out, name).toMatch(/Examples?:\n/);
    }
    expect(desk.course('--help --lang zh').out).toContain('用法：');
  });

  test('NO_COLOR and a pipe give plain text, FORCE_COLOR gives colours', () => {
    const esc = String.fromCharCode(27);
    expect(desk.course('').out).not.toContain(esc);
    expect(desk.course('', { env: { NO_COLOR: '', FORCE_COLOR: '1' } }).out).toContain(esc);
    expect(desk.course('', { env: { NO_COLOR: '1', FORCE_COLOR: '1' } }).out).not.toContain(esc);
  });
});

describe('Laying out the folder', () => {
  test('start makes a project of its own with a repository and a first commit', () => {
    const { code, out } = desk.course('start');
    expect(code).toBe(0);
    expect(out).toContain('Chapter 00: The first store');
    const manifest = JSON.parse(desk.read('package.json')) as Record<string, Record<string, string>>;
    expect(manifest['scripts']).toMatchObject({ test: 'node .course/run.mjs check' });
    expect(manifest['imports']).toMatchObject({ '#engine/*': './engine/src/*' });
    expect(Object.keys(manifest['devDependencies'] ?? {})).toEqual(['@types/node', 'tsx', 'typescript', 'vitest']);
    expect(readdirSync(desk.folder)).toEqual(
      expect.arrayContaining(['.git', '.gitignore', 'README.md', 'tsconfig.json', 'vitest.config.ts', 'checkpoints']),
    );
  });

  test('start works where git is not installed', () => {
    const { code, out } = desk.course('start', { env: { PATH: desk.home } });
    expect(code).toBe(0);
    expect(out).toContain('without git');
    expect(existsSync(join(desk.folder, '.git'))).toBe(false);
    desk.write('sketch/first.ts', REFERENCE.first);
    expect(desk.course('check', { env: { PATH: desk.home } }).code).toBe(0);
  });

  test('a folder with files that is no course folder is left alone', () => {
    desk.write('notes.txt', 'mine');
    const { code, out } = desk.course('start');
    expect(code).toBe(1);
    expect(out).toContain('Nothing was changed');
    expect(readdirSync(desk.folder)).toEqual(['notes.txt']);
  });

  test('start N in a new folder lays out the reference of what comes before', () => {
    const { out } = desk.course('start 2');
    expect(out).toContain('Chapter 02: A store');
    expect(desk.read('sketch/first.ts')).toBe(REFERENCE.first);
    expect(desk.read('engine/src/format/number.ts')).toBe(REFERENCE.number);
    expect(existsSync(join(desk.folder, 'engine/src/store.ts'))).toBe(false);
  });

  test('start N in a folder whose earlier chapters are red says what to do instead', async () => {
    await desk.begin();
    const { code, out } = desk.course('start 2');
    expect(code).toBe(1);
    expect(out).toContain('not green yet: 00, 01');
    expect(out).toContain('goto 2');
  });

  test('a chapter of the syllabus that is not written is named, and one beyond it is refused', () => {
    expect(desk.course('start 27').out).toContain('"Sorted set", is not written yet');
    expect(desk.course('start 77').out).toContain('There is no chapter 77');
  });

  test('a damaged state file is reported and stays as it is', async () => {
    await desk.begin();
    desk.write('.course.json', '{ half');
    const { code, out } = desk.course('check');
    expect(code).toBe(1);
    expect(out).toContain('.course.json');
    expect(desk.read('.course.json')).toBe('{ half');
  });
});

describe('Checking', () => {
  const encodeWrongly = REFERENCE.number.replace('writeUInt32LE(n)', 'writeUInt32BE(n)');

  test('an empty chapter is red, says what to write, and that red is right here', async () => {
    await desk.begin();
    const { code, out } = desk.course('check');
    expect(code).toBe(1);
    expect(out).toContain('To write: sketch/first.ts, which exports First.');
    expect(out).toContain('Red is right here');
    expect(out).not.toMatch(/\n\s+at /);
  });

  test('green is remembered, committed without a user name, and opens the next chapter', async () => {
    await desk.begin();
    desk.write('sketch/first.ts', REFERENCE.first);
    const { code, out } = desk.course('check');
    expect(code).toBe(0);
    expect(out).toContain('committed: chapter 00: The first store');
    expect(out).toContain('Next, chapter 01: Bytes');
    expect(desk.state()).toMatchObject({ chapter: 1, passed: { 0: expect.stringMatching(/^\d{4}-/) } });
  });

  test('bytes that differ are shown as hex with a caret, and a history where the test gives one', async () => {
    await desk.begin({ chapter: 1 });
    desk.write('engine/src/format/number.ts', encodeWrongly);
    const { code, out } = desk.course('check');
    expect(code).toBe(1);
    expect(out).toContain('The bytes differ first at byte 0 (0x0)');
    expect(out).toMatch(/expected {2}00000000 {2}04 03 02 01/);
    expect(out).toMatch(/\n +\^\^\n/);
    expect(out).toMatch(/1 {2}encode 0\n +2 {2}encode 1/);
    expect(out).toContain('Red is normal while you build this chapter.');
  });

  test('one missing name turns its own section red and no other', async () => {
    await desk.begin({ chapter: 1 });
    desk.write(
      'engine/src/format/number.ts',
      REFERENCE.number.slice(0, REFERENCE.number.indexOf('\n/** The number in')),
    );
    const { out } = desk.course('check');
    expect(out).toContain('To write: decodeNumber, exported from engine/src/format/number.ts.');
    expect(out).toMatch(/✓ Encoding +1\/1/);
    expect(out).toMatch(/· Decoding +0\/1/);
  });

  test('a name in another spelling, or without export, is told as such, and is no reason for red', async () => {
    await desk.begin();
    desk.write('sketch/first.ts', REFERENCE.first.replace('class First', 'class Frist'));
    const misspelt = desk.course('check').out;
    expect(misspelt).toContain('sketch/first.ts exports Frist; the checkpoint wants First.');
    expect(misspelt).not.toContain('Red is right here');
    desk.write('sketch/first.ts', REFERENCE.first.replace('export class', 'class'));
    expect(desk.course('check').out).toContain('sketch/first.ts declares First but does not export it.');
    expect(desk.course('check --lang zh').out).toContain('sketch/first.ts 里有 First，但没有导出。');
  });

  test('after a green check the repository is clean: what opens the next chapter is in the commit', async () => {
    await desk.begin();
    desk.write('sketch/first.ts', REFERENCE.first);
    expect(desk.course('check').code).toBe(0);
    const status = spawnSync('git', ['status', '--porcelain'], { cwd: desk.folder, encoding: 'utf8' });
    expect(status.stdout).toBe('');
  });

  test('start N for the chapter that is open already says so and is no failure', async () => {
    await desk.begin();
    expect(desk.course('start 0')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Chapter 00 is open already.'),
    });
  });

  test('a chapter that was green and broke is told from one that is being built', async () => {
    await desk.begin();
    desk.write('sketch/first.ts', REFERENCE.first);
    desk.course('check');
    desk.write('sketch/first.ts', REFERENCE.first.replace('.get(key)', '.get(key + key)'));
    const { out } = desk.course('check');
    expect(out).toMatch(/This was green on \d{4}-\d\d-\d\d: a later change broke it/);
    expect(out).toMatch(/What has changed since the last green: git -C \S+ diff\n/);
  });

  test('an earlier chapter that is red by chance is run once more, and that is said', async () => {
    await desk.begin();
    desk.write('sketch/first.ts', REFERENCE.first);
    desk.course('check');
    desk.write('engine/src/format/number.ts', REFERENCE.number);
    const marker = join(desk.folder, 'was-here');
    const byChance = `import { existsSync, writeFileSync } from 'node:fs';
if (!existsSync('${marker}')) {
  writeFileSync('${marker}', '');
  throw new Error('only once');
}
`;
    desk.write('sketch/first.ts', byChance + REFERENCE.first);
    const { code, out } = desk.course('check');
    expect(out).toContain('Chapter 00 was red in a first run and green in a second');
    expect(code).toBe(0);
  });

  test('one section can be checked alone, by name or number, and opens nothing', async () => {
    await desk.begin({ chapter: 1 });
    desk.write('engine/src/format/number.ts', REFERENCE.number);
    const { code, out } = desk.course('check --section 1');
    expect(code).toBe(0);
    expect(out).toContain('✓ 01');
    expect(out).not.toContain('✓ 00');
    expect(out).not.toContain('opens');
    expect(desk.course('check --section nonsense').out).toContain('No section "nonsense". There are: 1 ');
  });

  test('a value of another kind is shown whole', async () => {
    await desk.begin({ chapter: 1 });
    desk.write('engine/src/format/number.ts', REFERENCE.number.replace('return', 'return undefined as never;'));
    expect(desk.course('check').out).toMatch(/expected\n +Buffer \[[\s\S]+?\n +yours\n +undefined\n/);
  });

  test('a syntax error and an import that leads nowhere name the file', async () => {
    await desk.begin({ chapter: 1 });
    desk.write('engine/src/format/number.ts', 'export function encodeNumber( {\n');
    expect(desk.course('check').out).toContain('number.ts');
    desk.write('engine/src/format/number.ts', `import { x } from './nowhere.ts';\n${REFERENCE.number}void x;\n`);
    const { code, out } = desk.course('check');
    expect(code).toBe(1);
    expect(out).toContain('engine/src/format/number.ts imports ./nowhere.ts, which is not there');
  });

  test('a test that never ends is given up and named', async () => {
    await desk.begin({ chapter: 1 });
    desk.write(
      'engine/src/format/number.ts',
      REFERENCE.number.replace('  return bytes;\n', '  for (;;) bytes[0] = n;\n'),
    );
    const { code, out } = desk.course('check', { env: { ZEROCASK_SILENCE_MS: '6000' } });
    expect(code).toBe(1);
    expect(out).toContain('a number is four bytes, the lowest first');
    expect(out).toContain('look for an endless loop');
    desk.write('engine/src/format/number.ts', `${REFERENCE.number}for (;;) void 0;\n`);
    expect(desk.course('check', { env: { ZEROCASK_SILENCE_MS: '6000' } }).out).toContain('outside of functions');
  });

  test('--json is JSON and nothing else', async () => {
    await desk.begin({ chapter: 1 });
    desk.write('engine/src/format/number.ts', encodeWrongly);
    const { code, out } = desk.course('check --json');
    expect(code).toBe(1);
    const report = JSON.parse(out) as { green: boolean; chapters: Array<{ tests: Array<Record<string, unknown>> }> };
    expect(report.green).toBe(false);
    expect(report.chapters[1]?.tests[0]).toMatchObject({
      name: 'a number is four bytes, the lowest first',
      state: 'failed',
      reason: 'being-built',
      bytes: { expected: '04030201', yours: '01020304' },
    });
  });

  test('check N asks for chapters 0 to N, --all for every written one', async () => {
    await desk.begin({ chapter: 2 });
    expect(desk.course('check 1')).toMatchObject({ code: 0, out: expect.stringContaining('Green up to chapter 01') });
    expect(desk.course('check --all').code).toBe(1);
  });

  test('the whole course, typed, is green from the first to the last chapter', async () => {
    await desk.begin();
    desk.write('sketch/first.ts', REFERENCE.first);
    expect(desk.course('check').code).toBe(0);
    desk.write('engine/src/format/number.ts', REFERENCE.number);
    expect(desk.course('check').code).toBe(0);
    desk.write('engine/src/format/number.ts', REFERENCE.numberChecked);
    desk.write('engine/src/store.ts', REFERENCE.store);
    desk.write('engine/src/index.ts', REFERENCE.index);
    const { code, out } = desk.course('check');
    expect(code).toBe(0);
    expect(out).toContain('every chapter that is written so far');
    expect(desk.course('').out).toContain('3 of 30 chapters');
    expect(readFileSync(join(desk.folder, 'node_modules/@zerocask/engine/src/index.ts'), 'utf8')).toBe(REFERENCE.index);
  });
});

describe('Help on the way', () => {
  test('hints come in three levels, one more at each call, for the section that is red', async () => {
    await desk.begin({ chapter: 1 });
    desk.write('engine/src/format/number.ts', REFERENCE.number.replace('readUInt32LE', 'readUInt32BE'));
    desk.course('check');
    expect(desk.course('hint').out).toContain('english nudge for Decoding');
    expect(desk.course('hint').out).toContain('english idea for Decoding');
    expect(desk.course('hint --lang zh').out).toContain('chinese shape for Decoding');
    expect(desk.course('hint --section 1').out).toContain('chinese nudge for Encoding');
    expect(desk.course('hint --section 解码 --level 1').out).toContain('其他小节：1 编码');
    expect(desk.state()['lang']).toBe('zh');
  });

  test('diff N shows what the chapter changes, diff N me what differs from the reference', async () => {
    await desk.begin({ chapter: 2 });
    expect(desk.course('diff').out).toContain("+  if (bytes.length < 4) throw new RangeError('too short');");
    expect(desk.course('diff 1 me').out).toContain('the same as the reference of chapter 01');
    desk.write('engine/src/format/number.ts', `${REFERENCE.number}// mine\n`);
    expect(desk.course('diff 1 me').out).toContain('-// mine');
    const mine = desk.course('diff me').out;
    expect(mine).toContain('not begun: engine/src/store.ts (15 lines)');
    expect(mine).not.toContain('class Store');
    expect(desk.course('diff me --all').out).toContain('+export class Store');
    expect(desk.course('diff 2 me first.ts')).toMatchObject({
      code: 1,
      out: expect.stringContaining('Chapter 00 has: npm run course -- diff 0 me first.ts'),
    });
    expect(desk.course('diff you').out).toContain('Did you mean "me"?');
  });

  test('solve wants a green chapter or --force, and keeps what was there aside', async () => {
    await desk.begin({ chapter: 1 });
    desk.write('engine/src/format/number.ts', '// mine\n');
    const refused = desk.course('solve');
    expect(refused.code).toBe(1);
    expect(refused.out).toContain('--force');
    expect(desk.read('engine/src/format/number.ts')).toBe('// mine\n');
    const { code, out } = desk.course('solve --force');
    expect(code).toBe(0);
    expect(desk.read('engine/src/format/number.ts')).toBe(REFERENCE.number);
    const aside = /my-kv\/(\.course\/aside\/[^/]+)\//.exec(out)?.[1] ?? '';
    expect(desk.read(`${aside}/engine/src/format/number.ts`)).toBe('// mine\n');
  });

  test('solve without a path asks before it replaces what is green, and takes several paths', async () => {
    await desk.begin({ chapter: 2 });
    desk.write('engine/src/format/number.ts', `${REFERENCE.numberChecked}// mine\n`);
    desk.write('engine/src/store.ts', `${REFERENCE.store}// mine\n`);
    desk.write('engine/src/index.ts', REFERENCE.index);
    expect(desk.course('check').code).toBe(0);
    const refused = desk.course('solve 2');
    expect(refused.code).toBe(1);
    expect(refused.out).toContain('  engine/src/format/number.ts\n  engine/src/store.ts\nNothing was changed');
    expect(refused.out).toContain('solve 2 --force');
    expect(desk.read('engine/src/store.ts')).toContain('// mine');
    expect(desk.course('solve 2 store.ts number.ts').code).toBe(0);
    expect(desk.read('engine/src/store.ts')).toBe(REFERENCE.store);
    expect(desk.read('engine/src/format/number.ts')).toBe(REFERENCE.numberChecked);
    expect(desk.course('solve 2 store.ts nothing.ts').out).toContain('writes no file "nothing.ts"');
  });

  test('solve of one file names what it imports and the folder lacks, and what brings it', async () => {
    await desk.begin({ chapter: 2 });
    rmSync(join(desk.folder, 'engine/src/format/number.ts'));
    const { code, out } = desk.course('solve 2 store.ts --force');
    expect(code).toBe(0);
    expect(out).toContain('does not have yet: engine/src/format/number.ts.');
    const [, bring = ''] = /npm run course -- (solve \d .*)/.exec(out) ?? [];
    expect(bring).toBe('solve 2 engine/src/format/number.ts --force');
    expect(desk.course(bring).out).not.toContain('does not have yet');
    expect(desk.read('engine/src/format/number.ts')).toBe(REFERENCE.numberChecked);
  });

  test('goto never overwrites silently, in either direction', async () => {
    await desk.begin();
    desk.write('sketch/first.ts', '// mine\n');
    const refused = desk.course('goto 2');
    expect(refused.code).toBe(1);
    expect(refused.out).toContain('sketch/first.ts');
    expect(desk.read('sketch/first.ts')).toBe('// mine\n');
    expect(desk.course('goto 2 --force').code).toBe(0);
    expect(desk.read('sketch/first.ts')).toBe(REFERENCE.first);
    desk.write('engine/src/store.ts', '// my store\n');
    const back = desk.course('goto 1');
    expect(back.code).toBe(1);
    expect(back.out).toContain('engine/src/store.ts');
    expect(desk.course('goto 1 --force').code).toBe(0);
    expect(existsSync(join(desk.folder, 'engine/src/store.ts'))).toBe(false);
    const asides = readdirSync(join(desk.folder, '.course/aside'), { recursive: true }).map(String);
    expect(asides.filter(path => path.endsWith('first.ts') || path.endsWith('store.ts'))).toHaveLength(2);
  });

  test('read shows the lesson with the path of each block, in the asked language', () => {
    const { out } = desk.course('read 1');
    expect(out).toContain('A number is bytes too.');
    expect(out).toMatch(/engine\/src\/format\/number\.ts\n[\s\S]*export function encodeNumber/);
    expect(out).not.toContain('<!--');
    expect(desk.course('read 1 --lang zh').out).toContain('数字也是字节。');
    expect(desk.course('read 1 --path').out.trim()).toBe(join(root, 'chapters/01-bytes/README.md'));
  });

  test('read --idea leaves the code out, and says how to see it; the start of build mode names it', () => {
    const { out } = desk.course('read 1 --idea');
    expect(out).toContain('A number is bytes too.');
    expect(out).toMatch(/engine\/src\/format\/number\.ts\n[\s\S]*Encode\.[\s\S]*Decode\./);
    expect(out).not.toContain('function');
    expect(out).toContain('as you write your own. With them: npm run course -- read 1\n');
    expect(desk.course('start --build').out).toContain('(here, without the code: npm run course -- read --idea)');
  });

  test('in build mode the solution of a chapter that is not green is not shown by accident', async () => {
    const fresh = new Desk(root);
    await fresh.begin({ chapter: 1, build: true });
    const { code, out } = fresh.course('diff 1');
    expect(code).toBe(1);
    expect(out).toMatch(/this shows its solution\.\n[\s\S]*diff 1 --force/);
    expect(fresh.course('diff 1 --force').out).toContain('encodeNumber');
    fresh.remove();
  });

  test('a hint says when the files have changed since the check that it goes by', async () => {
    const fresh = new Desk(root);
    await fresh.begin({ chapter: 1 });
    fresh.write('engine/src/format/number.ts', 'export {};\n');
    fresh.course('check');
    expect(fresh.course('hint').out).not.toContain('have changed since');
    fresh.write('engine/src/format/number.ts', REFERENCE.number);
    expect(fresh.course('hint').out).toContain('Your files have changed since the last check');
    fresh.remove();
  });

  test('play --to ends with that block, and says how to go on', () => {
    const { code, out } = desk.course('play 2 --to 1');
    expect(code).toBe(0);
    expect(out).toContain('[1/3]');
    expect(out).not.toContain('[2/3]');
    expect(out).toContain('play 2 --from 2');
  });

  test('play runs through without a terminal, block by block', () => {
    const { code, out } = desk.course('play 2');
    expect(code).toBe(0);
    expect(out).toMatch(/\[1\/3\][\s\S]*\[2\/3\][\s\S]*\[3\/3\]/);
  });

  test('a chapter without a lab or a benchmark says so and is no failure', async () => {
    await desk.begin();
    expect(desk.course('lab')).toMatchObject({ code: 0, out: expect.stringContaining('has no lab') });
    expect(desk.course('bench')).toMatchObject({ code: 0, out: expect.stringContaining('has no benchmark') });
  });

  test('doctor looks at the machine and tells it as JSON too', () => {
    const findings = JSON.parse(desk.course('doctor --json').out) as Array<{ check: string; level: string }>;
    expect(findings.map(finding => finding.check)).toEqual(
      expect.arrayContaining(['node', 'packages', 'git', 'port', 'disk', 'write', 'terminal', 'folder']),
    );
  });
});

describe('Watching', () => {
  test('a save is checked again, letters work as lines, q ends it', async () => {
    await desk.begin();
    const child = desk.spawn('watch');
    let out = '';
    child.stdout.on('data', data => (out += String(data)));
    const saw = async (text: string): Promise<void> => {
      for (let waited = 0; !out.includes(text); waited += 50) {
        if (waited > 20_000) throw new Error(`never saw "${text}" in:\n${out}`);
        await new Promise(done => setTimeout(done, 50));
      }
      out = out.slice(out.indexOf(text) + text.length);
    };
    const ended = new Promise(done => child.on('exit', done));
    await saw('To write: sketch/first.ts');
    await saw('watching');
    child.stdin.write('h\n');
    await saw('english nudge for A Map');
    await saw('watching');
    desk.write('sketch/first.ts', REFERENCE.first);
    await saw('Green up to chapter 00');
    child.stdin.write('q\n');
    expect(await ended).toBe(0);
  });
});
