import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CourseError, loadCourse } from '../../chapters/tool/catalog.ts';
import { Composer, compose } from '../../chapters/tool/compose.ts';
import { contractAdditions } from '../../chapters/tool/contract.ts';
import { derive } from '../../chapters/tool/derive.ts';
import { composeAll, storeDraft } from '../../chapters/tool/draft.ts';
import { javascriptOf, typesAsComments } from '../../chapters/tool/javascript.ts';
import { lessonInJavaScript } from '../../chapters/tool/lesson-javascript.ts';
import { prove } from '../../chapters/tool/prove.ts';
import { starterFiles } from '../../chapters/tool/starter.ts';
import { StarterFile } from '../../chapters/tool/starter-file.ts';
import { sync } from '../../chapters/tool/sync.ts';
import { weave } from '../../chapters/tool/weave.ts';
import { buildToy, copyToy, edit, removeToy, SNAPSHOTS, write } from './toy.ts';

let toy = '';
const copies: string[] = [];
const copy = (): string => {
  const root = copyToy(toy);
  copies.push(root);
  return root;
};
const read = (root: string, path: string): string => readFileSync(join(root, path), 'utf8');

beforeAll(() => {
  toy = buildToy();
});
afterAll(() => {
  for (const root of [toy, ...copies]) removeToy(root);
});

describe('a course of four chapters', () => {
  test('every snapshot is what its author drafted, byte for byte', () => {
    const course = loadCourse(toy);
    const state = new Map<string, string>();
    for (const k of [1, 2, 3]) {
      for (const [path, text] of Object.entries(SNAPSHOTS[k] ?? {})) state.set(path, text);
      const snapshot = new Map([...compose(course, k)].filter(([path]) => !/^sketch|index\.ts$/.test(path)));
      expect(Object.fromEntries(snapshot)).toEqual(Object.fromEntries(state));
    }
  });

  test('the index holds the names that exist, from the chapter on that begins it', () => {
    const course = loadCourse(toy);
    expect(compose(course, 1).has('engine/src/index.ts')).toBe(false);
    expect(compose(course, 2).get('engine/src/index.ts')).toMatch(/decode, encode, type Line[\s\S]*Store/);
    expect(compose(course, 2).get('engine/src/index.ts')).not.toContain('countLines');
    expect(compose(course, 3).get('engine/src/index.ts')).not.toContain('later');
  });

  test('only texts that a later chapter replaces are stored; a file that loses a symbol is stored whole', () => {
    expect(read(toy, 'chapters/01-format/src/engine/src/format.ts')).toContain('// superseded later: the whole file\n');
    expect(read(toy, 'chapters/02-store/src/engine/src/store.ts').split('\n')[0]).toBe(
      '// superseded later: imports, Store, Store.put, Store.get',
    );
    expect(JSON.parse(read(toy, 'chapters/pending.json'))).toEqual({
      'engine/src/later.ts': 'new',
      'engine/src/store.ts': ['imports', 'Store.compact'],
    });
  });

  test('deriving what was composed changes nothing', () => {
    const course = loadCourse(toy);
    const derived = derive(composeAll(course), new Composer(course).packages);
    expect(derived.carried).toEqual(course.carried);
    expect(derived.pending).toEqual(course.pending);
  });

  test('weaving twice is weaving once', () => {
    const course = loadCourse(toy);
    expect(weave(course, new Composer(course), { check: true, runs: { root: toy } }).problems).toEqual([]);
  });

  test('all nine proofs hold, and a second proof has nothing left to run', async () => {
    const lines: string[] = [];
    const first = await prove(toy, { print: line => lines.push(line) });
    expect(first.checks.filter(check => check.problems.length > 0)).toEqual([]);
    expect(first.counts).toMatchObject({ chapters: 4, blocks: 10 });
    // By hand: MAX_KEY 2, encode 4, decode 5, pad 3; the store's imports 4, shell 4, put 4, get 8, and its imports once more.
    expect(first.counts?.packages[0]).toMatchObject({ superseded: 38, takenOut: 7 });
    expect(lines.join('\n')).toMatch(/4 chapters, 10 blocks\n.*typed +given +not yet taught +superseded +taken out/);
    expect(lines.at(-1)).toBe(`${first.passed} passed, 0 failed`);
    const second = await prove(toy, { changed: true });
    expect([second.failed, second.known]).toEqual([
      0,
      first.checks.filter(check => [1, 2, 3, 4, 7].includes(check.proof)).length,
    ]);
  });

  test('the starter is the contract with bodies that throw, and asks for what an existing file lacks', () => {
    const course = loadCourse(toy);
    const starter = starterFiles(course, 2).get('engine/src/store.ts') ?? '';
    expect(starter).toContain("throw new Error('chapter 02: Store.put');");
    expect(starter).not.toContain('#lines');
    expect([...starterFiles(course, 3).keys()]).toEqual(['engine/src/tools.ts']);
    const additions = contractAdditions(course, 3);
    expect(additions.map(({ name, isNewFile }) => [name, isNewFile])).toEqual([
      ['Store', false],
      ['countLines', true],
    ]);
    expect(additions[0]?.text).toBe(`export class Store {
  /** Forget \`key\`. */
  delete(key: string): void;

  /** Every line, oldest first. */
  lines(): Line[];
}`);
  });

  test('an object of the contract keeps its methods, which refuse, and the values that say themselves', () => {
    const chapter = loadCourse(toy).chapters[1];
    if (chapter === undefined) throw new Error('chapter 01 was expected');
    const text = `/** A desk. */
export const desk = {
  /** Opens. */
  open: (path: string, mode = 1): string => path.repeat(mode),
  async close() {
    await null;
  },
  size: 3,
  made: new Map(),
} as const;
`;
    expect(new StarterFile('a.ts', text, chapter).print(new Set(['desk']), () => true).text).toBe(`/** A desk. */
export const desk = {
  /** Opens. */
  open: (path: string, mode = 1): string => {
    throw new Error('chapter 01: desk.open');
  },
  async close() {
    throw new Error('chapter 01: desk.close');
  },
  size: 3,
  made: undefined as never,
} as const;
`);
  });

  test('types above stubs are kept as comments in JavaScript', () => {
    const text = `/** The header. */
import type { Line } from './line.ts';

/** Where a line is. */
export interface Place {
  readonly line: Line;
}

/** Find it. */
export function find(at: number): Place {
  throw new Error('chapter 01: find');
}

/** A number. */
export type Id = number;
`;
    const commented = typesAsComments('a.ts', text);
    expect(javascriptOf(new Map([['a.ts', commented]])).get('a.js')).toBe(`/** The header. */

// In TypeScript:
// /** Where a line is. */
// export interface Place {
//   readonly line: Line;
// }
//
// /** A number. */
// export type Id = number;

/** Find it. */
export function find(at) {
  throw new Error('chapter 01: find');
}
`);
    const types = 'export type Id = number;\n';
    expect(typesAsComments('a.ts', types)).toBe(types);
  });

  test('a lesson is shown in JavaScript with the same markers', () => {
    const course = loadCourse(toy);
    const chapter = course.chapters[1];
    if (chapter === undefined) throw new Error('chapter 01 was expected');
    const text = lessonInJavaScript(course, chapter, readFileSync(chapter.lesson.en, 'utf8'), 'en');
    expect(text).toContain('<!-- code: engine/src/format.js MAX_KEY..encode -->');
    expect(text).toContain('```js\n/**\n * A line of the log');
    expect(text).not.toContain('interface Line');
  });
});

describe('editing', () => {
  test('an edit of a package goes back into the texts that chapters store, and into the lessons', () => {
    const root = copy();
    sync(root);
    edit(root, 'engine/src/format.ts', "text.split('\\t')", "text.split('\\t', 2)");
    sync(root);
    expect(read(root, 'chapters/01-format/src/engine/src/format.ts')).toContain("text.split('\\t', 2)");
    expect(read(root, 'chapters/01-format/README.zh.md')).toContain("text.split('\\t', 2)");
  });

  test('of an edit of the imports an older text takes what it uses', () => {
    const root = copy();
    sync(root);
    const imports = "import { decode, encode, type Line } from './format.ts';";
    edit(root, 'engine/src/store.ts', imports, `${imports}\nimport { posix } from 'node:path';`);
    edit(root, 'engine/src/store.ts', 'keeps its lines in memory', 'keeps its lines in memory only');
    sync(root);
    const stored = read(root, 'chapters/02-store/src/engine/src/store.ts');
    expect(stored).toContain('in memory only');
    expect(stored).not.toContain('posix');
  });

  test('a package may import what only later chapters use; the snapshots before them do not', async () => {
    const root = copy();
    edit(root, 'engine/src/format.ts', ' */\n\n/** The', " */\nimport { later } from './later.ts';\n\n/** The");
    write(root, 'engine/src/format.ts', `${read(root, 'engine/src/format.ts')}\nexport const EXTRA = later(1);\n`);
    sync(root);
    expect(compose(loadCourse(root), 3).get('engine/src/format.ts')).not.toContain('later');
    expect(JSON.parse(read(root, 'chapters/pending.json'))['engine/src/format.ts']).toEqual(['imports', 'EXTRA']);
    expect((await prove(root, { static: true })).failed).toBe(0);
  });

  test('a conflict keeps the old text, is listed, and stays red until it is accepted', async () => {
    const root = copy();
    sync(root);
    edit(root, 'engine/src/format.ts', 'MAX_KEY = 80', 'MAX_KEY = 99');
    expect(() => sync(root)).toThrow(
      'chapters/01-format/src/engine/src/format.ts: `MAX_KEY`: the edit of engine/src/format.ts is not carried',
    );
    expect(read(root, 'chapters/01-format/src/engine/src/format.ts')).toContain('MAX_KEY = 8;');
    expect((await prove(root, { static: true })).failed).toBe(1);
    sync(root, { accept: ['engine/src/format.ts#MAX_KEY'] });
    expect((await prove(root, { static: true })).failed).toBe(0);
  });

  test('a renamed symbol is renamed in stored texts, chapter.json and markers', async () => {
    const root = copy();
    for (const path of ['engine/src/format.ts', 'engine/src/store.ts', 'engine/src/index.ts'])
      edit(root, path, /\bdecode\b/g, 'parse');
    for (const chapter of ['01-format', '02-store', '03-delete']) {
      const test = read(root, `chapters/${chapter}/checkpoint.test.ts`);
      write(root, `chapters/${chapter}/checkpoint.test.ts`, test.replace(/\bdecode\b/g, 'parse'));
    }
    sync(root, { renames: new Map([['decode', 'parse']]) });
    const { checks } = await prove(root, { static: true });
    expect(checks.flatMap(check => check.problems)).toEqual([]);
    expect(read(root, 'chapters/03-delete/README.md')).toContain('engine/src/format.ts MAX_KEY encode parse pad');
  });

  test('a new package symbol is pending; an edit that belongs to a later chapter leaves the lessons alone', async () => {
    const root = copy();
    const git = (...args: string[]) =>
      spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: root });
    git('init', '-q');
    git('add', 'engine', 'chapters');
    git('commit', '-qm', 'toy');
    const lesson = read(root, 'chapters/03-delete/README.md');
    edit(root, 'engine/src/store.ts', 'this.#gone.add(key);', 'this.#gone.add(key.trim());');
    write(root, 'engine/src/format.ts', `${read(root, 'engine/src/format.ts')}\nexport const EXTRA = 1;\n`);
    sync(root, { later: ['engine/src/store.ts'] });
    expect(JSON.parse(read(root, 'chapters/pending.json'))).toMatchObject({
      'engine/src/format.ts': ['EXTRA'],
      'engine/src/store.ts': ['imports', 'Store.delete', 'Store.compact'],
    });
    expect(read(root, 'chapters/03-delete/README.md')).toBe(lesson);
    expect((await prove(root, { static: true })).failed).toBe(0);
  });

  test('a redrafted chapter is followed by the later ones wherever they held the same text', () => {
    const root = copy();
    const draft = join(root, 'draft');
    write(
      draft,
      'engine/src/store.ts',
      (SNAPSHOTS[2]?.['engine/src/store.ts'] ?? '').replace('found.key === key', 'key === found.key'),
    );
    storeDraft(loadCourse(root), 2, { from: draft });
    // Chapter 03 rewrites `get` itself, so it keeps its own text.
    expect(compose(loadCourse(root), 2).get('engine/src/store.ts')).toContain('key === found.key');
    expect(compose(loadCourse(root), 3).get('engine/src/store.ts')).toContain('found.key === key');
  });
});

describe('twelve breaks, each named with its place', () => {
  const breaks: [name: string, break_: (root: string) => void, message: RegExp][] = [
    [
      'a lesson block edited',
      root => edit(root, 'chapters/01-format/README.md', 'key: key.trimEnd()', 'key: key.trim()'),
      /chapters\/01-format\/README\.md:\d+: the block of engine\/src\/format\.ts differs .*" {2}return \{ key: key\.trim\(\), value \};"/,
    ],
    [
      'a lost marker',
      root => edit(root, 'chapters/02-store/README.md', '<!-- /code -->\n', ''),
      /chapters\/02-store\/README\.md:\d+: the block of engine\/src\/store\.ts is not closed: its <!-- \/code --> is lost/,
    ],
    [
      'a doubled marker',
      root => {
        const block =
          /<!-- code: engine\/src\/format\.ts MAX_KEY[\s\S]*?\/code -->\n/.exec(
            read(root, 'chapters/01-format/README.md'),
          )?.[0] ?? '';
        edit(root, 'chapters/01-format/README.md', block, `${block}\n${block}`);
      },
      /chapters\/01-format\/README\.md:\d+: `MAX_KEY` of engine\/src\/format\.ts already stands in the block of line \d+/,
    ],
    [
      'a Chinese block edited',
      root => edit(root, 'chapters/03-delete/README.zh.md', '+    this.#gone.delete(key);', '+    this.#gone.clear();'),
      /chapters\/03-delete\/README\.zh\.md:\d+: the block of engine\/src\/store\.ts differs .*this\.#gone\.clear/,
    ],
    [
      'a superseded text edited',
      root => edit(root, 'chapters/02-store/src/engine/src/store.ts', 'found.key === key', 'found.key == key'),
      /chapters\/02-store\/README\.md:\d+: the block of engine\/src\/store\.ts differs from chapters\/02-store\/src\/engine\/src\/store\.ts \(`Store\.get`\)/,
    ],
    [
      'a superseded text missing',
      root => {
        edit(root, 'chapters/02-store/src/engine/src/store.ts', ', Store.put', '');
        edit(root, 'chapters/02-store/src/engine/src/store.ts', /\n {2}\/\*\* Store `value`[\s\S]*? {2}\}\n/, '');
      },
      /chapters\/02-store\/src\/engine\/src\/store\.ts: superseded text missing: `Store\.put`/,
    ],
    [
      'a stray file among the stored texts',
      root =>
        write(
          root,
          'chapters/02-store/src/engine/src/format.ts',
          read(toy, 'chapters/01-format/src/engine/src/format.ts'),
        ),
      /chapters\/02-store\/src\/engine\/src\/format\.ts: a stray file: 02-store\/chapter\.json does not write engine\/src\/format\.ts/,
    ],
    [
      'a package symbol that nobody lists',
      root => edit(root, 'engine/src/format.ts', /$/, '\nexport const EXTRA = 1;\n'),
      /engine\/src\/format\.ts:\d+: `EXTRA` is in no chapter and not in chapters\/pending\.json/,
    ],
    [
      'the order of symbols changed',
      root => {
        const text = read(root, 'engine/src/store.ts');
        const method = /\n {2}\/\*\* Forget[\s\S]*?\n {2}\}\n/.exec(text)?.[0] ?? '';
        write(
          root,
          'engine/src/store.ts',
          text.replace(method, '').replace('\n  /** The newest', `${method}\n  /** The newest`),
        );
      },
      /engine\/src\/store\.ts:\d+: the order of symbols changed: `Store\.delete` stands before `Store\.get`/,
    ],
    [
      'a blank line changed',
      root => edit(root, 'engine/src/store.ts', '\n\n  /** Forget', '\n\n\n  /** Forget'),
      /chapters\/03-delete\/README\.md:\d+: the block of engine\/src\/store\.ts differs from engine\/src\/store\.ts \(`Store\.delete`, `Store\.lines`\)/,
    ],
    [
      'CR LF',
      root =>
        writeFileSync(
          join(root, 'chapters/03-delete/README.md'),
          read(root, 'chapters/03-delete/README.md').replaceAll('\n', '\r\n'),
        ),
      /chapters\/03-delete\/README\.md:1: this line ends in CR LF/,
    ],
    [
      'a package edit that was not carried',
      root => edit(root, 'engine/src/format.ts', "text.split('\\t')", "text.split('\\t', 2)"),
      /engine\/src\/format\.ts:\d+: `decode` follows a stored text, and its edit is not carried back to chapters\/01-format\/src\/engine\/src\/format\.ts/,
    ],
  ];

  test.each(breaks)('%s', async (_name, break_, message) => {
    const root = copy();
    break_(root);
    const { failed, checks } = await prove(root, { static: true });
    expect(failed).toBeGreaterThan(0);
    expect(checks.flatMap(check => check.problems).join('\n')).toMatch(message);
  });

  test('a symbol that moves among those of one chapter is named where it stands now', async () => {
    const root = copy();
    const text = read(root, 'engine/src/format.ts');
    const limit = /\n\/\*\* The longest[\s\S]*?;\n/.exec(text)?.[0] ?? '';
    write(root, 'engine/src/format.ts', `${text.replace(limit, '')}${limit}`);
    const { checks } = await prove(root, { static: true });
    expect(checks.flatMap(check => check.problems).join('\n')).toMatch(
      /engine\/src\/format\.ts:\d+: the order of symbols changed: `encode` stands before `MAX_KEY`, chapter 03 lists/,
    );
  });

  test('mistakes in chapter.json are listed all at once, with the key', () => {
    const root = copy();
    edit(root, 'chapters/02-store/chapter.json', '"track": "A"', '"track": "C"');
    edit(root, 'chapters/02-store/chapter.json', '"hours": 1', '"hours": "1"');
    const problems = (() => {
      try {
        loadCourse(root);
      } catch (error) {
        if (error instanceof CourseError) return error.problems;
      }
      return [];
    })();
    expect(problems).toEqual([
      'chapters/02-store/chapter.json: "track": expected "A" or "B"',
      'chapters/02-store/chapter.json: "hours": expected a number',
    ]);
  });
});
