/**
 * A course of four tiny chapters over two files, small enough to read and rich enough to need every rule: a sketch, superseded methods, a
 * shell and imports that change, a symbol that goes (so an older file is stored whole), a given file, an index and pending symbols.
 *
 * It is built the way an author builds a course: full files for each snapshot, lessons with empty fences, then `store` and `sync`.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadCourse, REPOSITORY } from '../../chapters/tool/catalog.ts';
import { Composer } from '../../chapters/tool/compose.ts';
import { storeDraft } from '../../chapters/tool/draft.ts';
import { weave } from '../../chapters/tool/weave.ts';

type Files = Readonly<Record<string, string>>;

const FORMAT_1 = `/**
 * A line of the log: key, tab, value.
 */

/** The longest key. */
export const MAX_KEY = 8;

/** A key and its value. */
export interface Line {
  readonly key: string;
  readonly value: string;
}

/** The line for a key and its value. */
export function encode(line: Line): string {
  return \`\${pad(line.key)}\\t\${line.value}\`;
}

/** The key and value of a line. */
export function decode(text: string): Line {
  const [key = '', value = ''] = text.split('\\t');
  return { key: key.trimEnd(), value };
}

function pad(key: string): string {
  return key.padEnd(MAX_KEY);
}
`;

const FORMAT_3 = FORMAT_1.replace('pad(line.key)', 'line.key')
  .replace('key.trimEnd()', 'key')
  .replace(/\nfunction pad[\s\S]*$/, '')
  .replace('MAX_KEY = 8', 'MAX_KEY = 80');

const STORE_2 = `/**
 * A store that keeps its lines in memory.
 */
import { decode, encode } from './format.ts';

/** Keys and values. */
export class Store {
  readonly #lines: string[] = [];

  /** Store \`value\` under \`key\`. */
  put(key: string, value: string): void {
    this.#lines.push(encode({ key, value }));
  }

  /** The newest value of \`key\`. */
  get(key: string): string | undefined {
    for (const line of this.#lines.toReversed()) {
      const found = decode(line);
      if (found.key === key) return found.value;
    }
    return undefined;
  }
}
`;

const STORE_3 = STORE_2.replace(
  "import { decode, encode } from './format.ts';",
  "import { decode, encode, type Line } from './format.ts';",
)
  .replace(
    '  readonly #lines: string[] = [];\n',
    '  readonly #lines: string[] = [];\n  readonly #gone = new Set<string>();\n',
  )
  .replace('    this.#lines.push(', '    this.#gone.delete(key);\n    this.#lines.push(')
  .replace('    for (const line', '    if (this.#gone.has(key)) return undefined;\n    for (const line')
  .replace(
    /\}\n$/,
    `
  /** Forget \`key\`. */
  delete(key: string): void {
    this.#gone.add(key);
  }

  /** Every line, oldest first. */
  lines(): Line[] {
    return this.#lines.map(decode);
  }
}
`,
  );

const TOOLS_3 = `/** Given: counts what a store holds. */
import type { Store } from './store.ts';

/** How many lines \`store\` has. */
export const countLines = (store: Store): number => store.lines().length;
`;

/** The packages: what chapter 03 teaches and what is still to come. */
const PACKAGE: Files = {
  'engine/src/format.ts': FORMAT_3,
  'engine/src/store.ts': STORE_3.replace(
    "} from './format.ts';",
    "} from './format.ts';\nimport { later } from './later.ts';",
  ).replace(
    '  /** Every line',
    '  /** Drop what is old. */\n  compact(): number {\n    return later(this.#lines.length);\n  }\n\n  /** Every line',
  ),
  'engine/src/tools.ts': TOOLS_3,
  'engine/src/later.ts':
    '/** Not taught yet. */\n\n/** One more. */\nexport const later = (n: number): number => n + 1;\n',
  'engine/src/index.ts': `/**
 * The door.
 */

export { decode, encode, type Line } from './format.ts';
export { later } from './later.ts';
export { Store } from './store.ts';
export { countLines } from './tools.ts';
`,
};

export const SNAPSHOTS: Readonly<Record<number, Files>> = {
  1: { 'engine/src/format.ts': FORMAT_1 },
  2: { 'engine/src/store.ts': STORE_2 },
  3: { 'engine/src/format.ts': FORMAT_3, 'engine/src/store.ts': STORE_3, 'engine/src/tools.ts': TOOLS_3 },
};

const SKETCH = `/** The smallest store there is. */
export function first(lines: readonly string[], key: string): string | undefined {
  return lines.findLast(line => line.startsWith(\`\${key}=\`))?.slice(key.length + 1);
}

console.log(first(['a=1', 'a=2'], 'a'));
`;

interface ToyChapter {
  readonly id: string;
  readonly json: Record<string, unknown>;
  readonly test: string;
  /** The lesson between its fixed parts: markers with empty fences. */
  readonly body: string;
}

const code = (marker: string): string => `<!-- code: ${marker} -->\nCaption.\n\`\`\`ts\n\`\`\`\n<!-- /code -->\n`;

const CHAPTERS: readonly ToyChapter[] = [
  {
    id: '00-hello',
    json: {
      contract: { 'sketch/first.ts': ['first'] },
      mutants: [
        {
          name: 'oldest wins',
          file: 'sketch/first.ts',
          replace: 'findLast',
          with: 'find',
          caughtBy: 'the newest line wins',
        },
        {
          name: 'the sign stays',
          file: 'sketch/first.ts',
          replace: 'key.length + 1',
          with: 'key.length',
          caughtBy: 'the newest line wins',
        },
      ],
    },
    test: `import { first } from '#sketch/first.ts';
describe('Lines', () => {
  test('the newest line wins', () => expect(first(['a=1', 'a=2'], 'a')).toBe('2'));
  test('an absent key is undefined', () => expect(first(['a=1'], 'b')).toBeUndefined());
});`,
    body: `## Lines\n\n${code('sketch/first.ts')}\n<!-- run: node --import tsx sketch/first.ts -->\n\`\`\`text\n\`\`\`\n`,
  },
  {
    id: '01-format',
    json: {
      contract: { 'engine/src/format.ts': ['encode', 'decode', 'Line', 'MAX_KEY'] },
      greenAtStart: ['a key has a limit'],
      mutants: [
        {
          name: 'no tab',
          file: 'engine/src/format.ts',
          replace: '}\\t${',
          with: '} ${',
          caughtBy: 'a line comes back',
        },
        {
          name: 'the padding stays',
          file: 'engine/src/format.ts',
          replace: 'key.trimEnd()',
          with: 'key',
          caughtBy: 'a line comes back',
        },
      ],
    },
    test: `import { decode, encode, MAX_KEY } from '#engine/format.ts';
describe('Format', () => {
  test('a key has a limit', () => expect(MAX_KEY).toBeGreaterThan(7));
  test('a line comes back', () => expect(decode(encode({ key: 'k', value: 'v' }))).toEqual({ key: 'k', value: 'v' }));
});`,
    body: `## Format\n\n${code('engine/src/format.ts MAX_KEY..encode')}\n${code('engine/src/format.ts')}`,
  },
  {
    id: '02-store',
    json: {
      contract: { 'engine/src/store.ts': ['Store'] },
      mutants: [
        {
          name: 'oldest first',
          file: 'engine/src/store.ts',
          replace: '.toReversed()',
          with: '',
          caughtBy: 'the newest value wins',
        },
        {
          name: 'any key',
          file: 'engine/src/store.ts',
          replace: 'if (found.key === key) ',
          with: '',
          caughtBy: 'an absent key is undefined',
        },
      ],
    },
    test: `import { Store } from '#engine/store.ts';
describe('Store', () => {
  test('the newest value wins', () => {
    const store = new Store();
    store.put('k', '1');
    store.put('k', '2');
    expect(store.get('k')).toBe('2');
  });
  test('an absent key is undefined', () => {
    const store = new Store();
    store.put('k', '1');
    expect(store.get('j')).toBeUndefined();
  });
});`,
    body: `## Store\n\n${code('engine/src/store.ts Store.put')}\n${code('engine/src/store.ts')}\n${code('engine/src/index.ts')}`,
  },
  {
    id: '03-delete',
    json: {
      given: ['engine/src/tools.ts'],
      contract: { 'engine/src/store.ts': ['Store.delete', 'Store.lines'], 'engine/src/tools.ts': ['countLines'] },
      mutants: [
        {
          name: 'delete does nothing',
          file: 'engine/src/store.ts',
          replace: 'this.#gone.add(key)',
          with: '',
          caughtBy: 'a deleted key is gone',
        },
        {
          name: 'gone for ever',
          file: 'engine/src/store.ts',
          replace: 'this.#gone.delete(key);',
          with: '',
          caughtBy: 'a key comes back',
        },
      ],
    },
    test: `import { Store } from '#engine/store.ts';
import { countLines } from '#engine/tools.ts';
describe('Delete', () => {
  test('a deleted key is gone', () => {
    const store = new Store();
    store.put('k', '1');
    store.delete('k');
    expect(store.get('k')).toBeUndefined();
  });
  test('a key comes back', () => {
    const store = new Store();
    store.delete('k');
    store.put('k', '2');
    expect([store.get('k'), countLines(store)]).toEqual(['2', 1]);
  });
});`,
    body: `## Delete

${code('engine/src/format.ts MAX_KEY encode decode pad')}
${code('engine/src/store.ts imports Store Store.put Store.get')}
${code('engine/src/store.ts Store.delete Store.lines')}
${code('engine/src/index.ts')}`,
  },
];

const CHALLENGE =
  "import { expect, test } from 'vitest';\nimport { one } from '#sketch/one.ts';\ntest('one', () => expect(one()).toBe(1));\n";
const SOLUTION = 'export const one = (): number => 1;\n';

const PARTS = {
  en: [
    'The idea',
    'Invariants',
    'Guess first',
    'Checkpoint',
    'What real systems do',
    'Questions',
    'Challenges',
    'Sources',
  ],
  zh: ['思路', '不变式', '先猜一猜', '检查点', '真实系统怎么做', '思考题', '挑战', '出处'],
};

function lesson(chapter: ToyChapter, language: 'en' | 'zh'): string {
  const [idea, invariants, guess, ...rest] = PARTS[language].map(part => `## ${part}\n\nText.\n`);
  const questions = '**Why?** `node -v` knows.\n\n**How?** `node -v` knows.\n\n**When?** `node -v` knows.\n';
  const parts = rest.map(part => (/^## (Questions|思考题)/.test(part) ? part.replace('Text.\n', questions) : part));
  return [`# ${chapter.id}\n\nHook.\n`, idea, invariants, guess, chapter.body, ...parts].join('\n');
}

/** Build the toy in a folder of its own; the folder's path. */
export function buildToy(): string {
  const root = mkdtempSync(join(tmpdir(), 'zerocask-toy-'));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'), 'junction');
  for (const [path, text] of Object.entries(PACKAGE)) write(root, path, text);
  for (const chapter of CHAPTERS) {
    const folder = `chapters/${chapter.id}`;
    const title = { en: chapter.id, zh: chapter.id };
    const section = /describe\('(\w+)'/.exec(chapter.test)?.[1] ?? '';
    const levels = { en: ['nudge', 'idea', 'shape'], zh: ['nudge', 'idea', 'shape'] };
    const both = { en: 'Text.', zh: 'Text.' };
    const predictions = [{ id: 'p1', question: both, answer: both }];
    const json = { track: 'A', hours: 1, title, ...chapter.json, hints: [{ section, levels }], predictions };
    write(root, `${folder}/chapter.json`, JSON.stringify(json));
    write(root, `${folder}/checkpoint.test.ts`, `import { describe, expect, test } from 'vitest';\n${chapter.test}\n`);
    write(root, `${folder}/challenges/one.test.ts`, CHALLENGE);
    write(root, `${folder}/challenges/solutions/one/one.ts`, SOLUTION);
    write(root, `${folder}/README.md`, lesson(chapter, 'en'));
    write(root, `${folder}/README.zh.md`, lesson(chapter, 'zh'));
  }
  write(root, 'chapters/00-hello/sketch/first.ts', SKETCH);
  for (const [number, files] of Object.entries(SNAPSHOTS)) {
    for (const [path, text] of Object.entries(files)) write(root, `draft/${path}`, text);
    storeDraft(loadCourse(root), Number(number), { from: join(root, 'draft') });
    rmSync(join(root, 'draft'), { recursive: true });
  }
  storeDraft(loadCourse(root), 2, { entries: ['engine/src/index.ts'] });
  const course = loadCourse(root);
  const woven = weave(course, new Composer(course), { runs: { root } });
  if (woven.problems.length > 0) throw new Error(woven.problems.join('\n'));
  return root;
}

/** A copy of a built toy, to be broken. */
export function copyToy(root: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'zerocask-toy-'));
  cpSync(root, copy, { recursive: true, filter: path => !/[\\/](node_modules|\.views)$/.test(path) });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'), 'junction');
  return copy;
}

/** Change one file of a toy: `from` has to occur in it. */
export function edit(root: string, path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(root, path), 'utf8');
  const next = text.replace(from, to);
  if (next === text) throw new Error(`${path} does not hold ${from}`);
  writeFileSync(join(root, path), next);
}

export function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

export function removeToy(root: string): void {
  if (existsSync(root)) rmSync(root, { recursive: true, force: true });
}
