/**
 * A course of three small chapters, for the tests of the learner's program, and a way to run that program as a learner
 * does: as a child process, in a folder of its own.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSession } from '../../chapters/tool/learner/session.ts';
import { type StartOptions, start } from '../../chapters/tool/learner/start.ts';
import { paintFor } from '../../chapters/tool/learner/terminal.ts';

export const REPOSITORY: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

const FIRST = `/** The first store: a Map with a name. */
export class First {
  readonly #values = new Map<string, string>();

  put(key: string, value: string): void {
    this.#values.set(key, value);
  }

  get(key: string): string | undefined {
    return this.#values.get(key);
  }
}
`;

const ENCODE = `/** Numbers as four bytes, little-endian. */

/** The bytes of \`n\`. */
export function encodeNumber(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
}
`;

const DECODE_PLAIN = `
/** The number in \`bytes\`. */
export function decodeNumber(bytes: Buffer): number {
  return bytes.readUInt32LE();
}
`;

const DECODE_CHECKED = `
/** The number in \`bytes\`. */
export function decodeNumber(bytes: Buffer): number {
  if (bytes.length < 4) throw new RangeError('too short');
  return bytes.readUInt32LE();
}
`;

const STORE = `/** Store: numbers by name, as bytes. */
import { decodeNumber, encodeNumber } from './format/number.ts';

export class Store {
  readonly #bytes = new Map<string, Buffer>();

  put(name: string, n: number): void {
    this.#bytes.set(name, encodeNumber(n));
  }

  get(name: string): number | undefined {
    const bytes = this.#bytes.get(name);
    return bytes === undefined ? undefined : decodeNumber(bytes);
  }
}
`;

const INDEX = `/** The public door. */
export { decodeNumber, encodeNumber } from './format/number.ts';
export { Store } from './store.ts';
`;

const CHECKPOINT_0 = `import { describe, expect, test } from 'vitest';
import { First } from '#sketch/first.ts';

describe('A Map', () => {
  test('get answers what put stored', () => {
    const first = new First();
    first.put('a', '1');
    expect(first.get('a')).toBe('1');
  });
});
`;

const CHECKPOINT_1 = `import { describe, expect, test } from 'vitest';
import { decodeNumber, encodeNumber } from '#engine/format/number.ts';

describe('Encoding', () => {
  test('a number is four bytes, the lowest first', () => {
    expect(encodeNumber(0x01020304)).toEqual(Buffer.from([4, 3, 2, 1]));
  });
});

describe('Decoding', () => {
  test('what was encoded comes back', ({ task }) => {
    const history: string[] = [];
    (task.meta as { history?: string[] }).history = history;
    for (const n of [0, 1, 70_000]) {
      history.push('encode ' + n);
      expect(decodeNumber(encodeNumber(n))).toBe(n);
    }
  });
});
`;

const CHECKPOINT_2 = `import { describe, expect, test } from 'vitest';
import { Store } from '#engine/store.ts';

describe('The store', () => {
  test('get answers what put stored', () => {
    const store = new Store();
    store.put('a', 7);
    expect(store.get('a')).toBe(7);
  });
});
`;

const code = (path: string, names: string, caption: string, language: string, text: string): string =>
  `<!-- code: ${path} [${names}] -->\n${caption}\n\n\`\`\`${language}\n${text}\`\`\`\n<!-- /code -->\n`;

const lessons: Record<string, (zh: boolean) => string> = {
  '00-first': zh =>
    `# ${zh ? '第一个仓库' : 'The first store'}\n\n${zh ? '先从一个 Map 开始。' : 'It begins with a `Map`.'}\n\n## ${zh ? '写' : 'Write'}\n\n${code('sketch/first.ts', '', zh ? '一个类。' : 'A class.', 'ts', FIRST)}\n${zh ? '完。' : 'Done.'}\n`,
  '01-bytes': zh =>
    `# ${zh ? '字节' : 'Bytes'}\n\n${zh ? '数字也是字节。' : 'A number is bytes too.'}\n\n${code('engine/src/format/number.ts', 'imports encodeNumber', zh ? '编码。' : 'Encode.', 'ts', ENCODE)}\n${code('engine/src/format/number.ts', 'decodeNumber', zh ? '解码。' : 'Decode.', 'ts', DECODE_PLAIN.slice(1))}`,
  '02-store': zh =>
    `# ${zh ? '仓库' : 'A store'}\n\n${code('engine/src/format/number.ts', 'decodeNumber', zh ? '先检查。' : 'Check first.', 'diff', "@@ decodeNumber @@\n /** The number in `bytes`. */\n export function decodeNumber(bytes: Buffer): number {\n+  if (bytes.length < 4) throw new RangeError('too short');\n   return bytes.readUInt32LE();\n }\n")}\n${code('engine/src/store.ts', '', zh ? '仓库。' : 'The store.', 'ts', STORE)}\n${code('engine/src/index.ts', '', zh ? '入口。' : 'The door.', 'ts', INDEX)}`,
};

const chapterJson: Record<string, object> = {
  '00-first': {
    title: { en: 'The first store', zh: '第一个仓库' },
    writes: { 'sketch/first.ts': 'new' },
    contract: { 'sketch/first.ts': ['First'] },
    sections: { en: ['A Map'], zh: ['一个 Map'] },
    hints: [hintsOf('A Map')],
  },
  '01-bytes': {
    title: { en: 'Bytes', zh: '字节' },
    writes: { 'engine/src/format/number.ts': 'new' },
    contract: { 'engine/src/format/number.ts': ['encodeNumber', 'decodeNumber'] },
    sections: { en: ['Encoding', 'Decoding'], zh: ['编码', '解码'] },
    hints: [hintsOf('Encoding'), hintsOf('Decoding')],
  },
  '02-store': {
    title: { en: 'A store', zh: '仓库' },
    writes: {
      'engine/src/format/number.ts': ['decodeNumber'],
      'engine/src/store.ts': 'new',
      'engine/src/index.ts': 'new',
    },
    contract: { 'engine/src/store.ts': ['Store'] },
    sections: { en: ['The store'], zh: ['仓库'] },
    hints: [],
  },
};

function hintsOf(section: string): object {
  const levels = (lang: string) => ['nudge', 'idea', 'shape'].map(level => `${lang} ${level} for ${section}`);
  return { section, levels: { en: levels('english'), zh: levels('chinese') } };
}

const checkpoints: Record<string, string> = {
  '00-first': CHECKPOINT_0,
  '01-bytes': CHECKPOINT_1,
  '02-store': CHECKPOINT_2,
};

/** The reference, as a learner would type it. */
export const REFERENCE = {
  first: FIRST,
  number: ENCODE + DECODE_PLAIN,
  numberChecked: ENCODE + DECODE_CHECKED,
  store: STORE,
  index: INDEX,
} as const;

/** Writes the toy course into a new folder and returns its root. */
export function makeToyCourse(): string {
  const root = mkdtempSync(join(tmpdir(), 'zerocask-toy-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const [id, about] of Object.entries(chapterJson)) {
    const rest = { track: 'A', hours: 1, given: [], removes: [], greenAtStart: [], predictions: [], mutants: [] };
    write(`chapters/${id}/chapter.json`, JSON.stringify({ ...rest, ...about }));
    write(`chapters/${id}/checkpoint.test.ts`, checkpoints[id]!);
    write(`chapters/${id}/README.md`, lessons[id]!(false));
    write(`chapters/${id}/README.zh.md`, lessons[id]!(true));
  }
  write('chapters/00-first/sketch/first.ts', FIRST);
  write('chapters/01-bytes/src/engine/src/format/number.ts', `// superseded later: decodeNumber\n${DECODE_PLAIN}`);
  write('engine/src/format/number.ts', REFERENCE.numberChecked);
  write('engine/src/store.ts', STORE);
  write('engine/src/index.ts', INDEX);
  write('engine/package.json', readFileSync(join(REPOSITORY, 'engine/package.json'), 'utf8'));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'), 'junction');
  return root;
}

export interface Run {
  readonly code: number;
  readonly out: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A learner's desk: a course, an empty place for the folder, and the program. */
export class Desk {
  readonly home: string = mkdtempSync(join(tmpdir(), 'zerocask-desk-'));
  readonly root: string;
  readonly folder: string = join(this.home, 'my-kv');

  constructor(root: string) {
    this.root = root;
  }

  environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const { INIT_CWD, ZEROCASK_DIR, VITEST, NODE_OPTIONS, FORCE_COLOR, CI, ...rest } = process.env;
    return {
      ...rest,
      LANG: 'en_US.UTF-8',
      LC_ALL: '',
      NO_COLOR: '1',
      ZEROCASK_COURSE_ROOT: this.root,
      GIT_CONFIG_GLOBAL: join(this.home, 'no-such-gitconfig'),
      GIT_CONFIG_NOSYSTEM: '1',
      ...more,
    };
  }

  /** Runs `course ARGS` and waits for its end. */
  course(args: string, { cwd = this.home, input = '', env = {} }: RunOptions = {}): Run {
    const words = args.split(' ').filter(word => word !== '');
    const run = spawnSync(process.execPath, [...PROGRAM, ...words, ...this.#dir(args)], {
      cwd,
      input,
      encoding: 'utf8',
      env: this.environment(env),
    });
    return { code: run.status ?? -1, out: `${run.stdout}${run.stderr}` };
  }

  /** `course start` in this process: the quick way to a folder for tests of something else. */
  async begin(options: StartOptions = {}): Promise<void> {
    const session = createSession({
      courseRoot: this.root,
      folder: this.folder,
      lang: 'en',
      paint: paintFor({}, { NO_COLOR: '1' }),
      interactive: false,
      columns: 80,
      print: () => {},
    });
    await start(session, options);
  }

  /** Starts `course ARGS` with open pipes. */
  spawn(args: string) {
    const words = args.split(' ').filter(word => word !== '');
    return spawn(process.execPath, [...PROGRAM, ...words, ...this.#dir(args)], {
      cwd: this.home,
      env: this.environment(),
    });
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  state(): Record<string, unknown> {
    return JSON.parse(this.read('.course.json')) as Record<string, unknown>;
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  #dir(args: string): string[] {
    return args.includes('--dir') ? [] : ['--dir', this.folder];
  }
}

const PROGRAM = [
  '--conditions=@zerocask/source',
  '--import',
  join(REPOSITORY, 'node_modules/tsx/dist/loader.mjs'),
  join(REPOSITORY, 'chapters/tool/cli.ts'),
];
