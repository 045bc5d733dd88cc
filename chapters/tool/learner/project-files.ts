/**
 * The files that make the learner's folder a project of its own: package.json, tsconfig.json, vitest.config, README,
 * .gitignore and a small launcher. Pure texts; laying them out is lay-out.ts.
 *
 * The folder finds the course in two ways. Inside the clone (or beside it) the launcher starts the clone's program, so
 * every command works. A copy moved elsewhere has no clone: there `npm install` brings the compiler and the test runner,
 * and `npm test` runs the copies of the checkpoints in `checkpoints/`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { speak } from './messages.ts';
import { programRoot } from './places.ts';
import type { LearnerState } from './state.ts';
import { FIRST_SERVER_CHAPTER } from './syllabus.ts';

export type ProjectFiles = Readonly<Record<string, string>>;

/** The project's files for this state, path -> text. */
export function projectFiles(state: LearnerState, folderName: string): ProjectFiles {
  return {
    'package.json': json(packageJson(state, folderName)),
    'tsconfig.json': json(tsconfig(state)),
    [state.code === 'js' ? 'vitest.config.js' : 'vitest.config.ts']: VITEST_CONFIG,
    '.gitignore': lines('node_modules/', 'zerocask-data/', '.course/aside/', '.course/lab/', '.course/bench/', '*.log'),
    '.gitattributes': lines('* text=auto eol=lf'),
    '.course/run.mjs': launcher(state),
    'README.md': speak(state.lang, 'projectReadme', { name: folderName, course: state.course }),
  };
}

/** package.json of a package inside the learner's folder; laid out once its index exists. */
export function memberPackageJson(state: LearnerState, member: 'engine' | 'redis-compat'): string {
  return json({
    name: `@zerocask/${member}`,
    version: '0.1.0',
    private: true,
    type: 'module',
    exports: { '.': `./src/index.${state.code}`, './package.json': './package.json' },
    scripts: { course: 'node ../.course/run.mjs', test: 'node ../.course/run.mjs check' },
    ...(member === 'redis-compat' ? { dependencies: { '@zerocask/engine': '0.1.0' } } : {}),
  });
}

function packageJson({ code }: LearnerState, name: string): object {
  return {
    name: packageName(name),
    version: '0.1.0',
    private: true,
    type: 'module',
    engines: { node: '>=20.19' },
    imports: Object.fromEntries(ALIASES.flatMap(([alias, path]) => aliasLines(alias, path, code))),
    workspaces: ['engine', 'redis-compat'],
    scripts: {
      course: 'node .course/run.mjs',
      test: 'node .course/run.mjs check',
      start: 'node .course/run.mjs serve',
      ...(code === 'ts' ? { typecheck: 'tsc -p tsconfig.json' } : {}),
    },
    devDependencies: toolVersions(),
    allowScripts: { esbuild: true },
  };
}

const ALIASES = [
  ['#engine', './engine/src'],
  ['#redis-compat', './redis-compat/src'],
  ['#sketch', './sketch'],
] as const;

// Checkpoints name the TypeScript files; in the JavaScript edition the same names lead to .js files.
const aliasLines = (alias: string, path: string, code: 'ts' | 'js'): Array<[string, string]> => [
  ...(code === 'js' ? [[`${alias}/*.ts`, `${path}/*.js`] as [string, string]] : []),
  [`${alias}/*`, `${path}/*`],
];

// npm allows lower-case letters, digits, dots, dashes and underscores in a name.
const packageName = (folder: string): string =>
  folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '') || 'my-kv';

/** The same tool versions as the clone's own. */
function toolVersions(): Record<string, string> {
  const { devDependencies = {} } = JSON.parse(readFileSync(join(programRoot, 'package.json'), 'utf8')) as {
    devDependencies?: Record<string, string>;
  };
  const names = ['@types/node', 'tsx', 'typescript', 'vitest'];
  return Object.fromEntries(names.map(name => [name, devDependencies[name] ?? '*']));
}

function tsconfig({ code }: LearnerState): object {
  return {
    compilerOptions: {
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noImplicitOverride: true,
      noImplicitReturns: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      skipLibCheck: true,
      ...(code === 'js' ? { allowJs: true, checkJs: false } : {}),
    },
    include: ['engine', 'redis-compat', 'sketch'],
  };
}

const VITEST_CONFIG = `import { defineConfig } from 'vitest/config';

// For editors and for a copy of this folder outside the course: \`npx vitest\` runs the checkpoints reached so far.
export default defineConfig({
  test: { include: ['checkpoints/**/*.test.ts', 'test/**/*.test.{ts,js}'], testTimeout: 10_000 },
});
`;

/** Plain JavaScript: it has to run before anything is installed. */
function launcher({ lang, code }: LearnerState): string {
  const text = (key: 'launcherNoTools' | 'launcherNoServer' | 'launcherNoCourse') =>
    JSON.stringify(speak(lang, key, { chapter: FIRST_SERVER_CHAPTER }));
  return `// Starts the course program of the clone this folder belongs to. Without the clone, \`check\` runs the local checkpoints.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const state = JSON.parse(readFileSync(join(folder, '.course.json'), 'utf8'));
const [command = '', ...rest] = process.argv.slice(2);

const run = (args, env = {}) => {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: folder, env: { ...process.env, ...env } });
  process.exit(status ?? 1);
};
const stop = message => {
  console.error(message);
  process.exit(1);
};
/** Walks up through node_modules folders, as Node does. */
const installed = path => {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', path))) return join(at, 'node_modules', path);
    if (dirname(at) === at) return undefined;
  }
};

const clone = [process.env.ZEROCASK_CLONE, resolve(folder, state.course)].find(
  root => root && existsSync(join(root, 'chapters/tool/cli.ts')) && existsSync(join(root, 'node_modules/tsx')),
);
if (command === 'serve') {
  const server = ['redis-compat/src/cli.${code}'].map(path => join(folder, path)).find(existsSync);
  if (!server) stop(${text('launcherNoServer')});
  const tsx = installed('tsx/dist/loader.mjs') ?? stop(${text('launcherNoTools')});
  run(['--import', pathToFileURL(tsx).href, server, ...rest]);
}
if (clone) {
  const loader = pathToFileURL(join(clone, 'node_modules/tsx/dist/loader.mjs')).href;
  const program = join(clone, 'chapters/tool/cli.ts');
  const args = command === '' ? [] : [command, ...rest];
  run(['--conditions=@zerocask/source', '--import', loader, program, ...args], { ZEROCASK_DIR: folder });
}
if (command !== 'check') stop(${text('launcherNoCourse')});
const vitest = installed('vitest/vitest.mjs') ?? stop(${text('launcherNoTools')});
run([vitest, 'run', '--root', folder, ...rest]);
`;
}

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
const lines = (...all: string[]): string => `${all.join('\n')}\n`;
