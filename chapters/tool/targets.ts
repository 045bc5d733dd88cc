/**
 * Targets: plain folders against which a checkpoint runs, `engine/src`, `redis-compat/src` and `sketch` side by side.
 *
 * `reference` is a snapshot in `.views/NN`, `final` the end of the course in `.views/final`, and the learner's folder is laid out with the
 * same frame: package.json with `imports` for `#engine/...`, `#redis-compat/...` and `#sketch/...`, tsconfig.json, and
 * `node_modules/@zerocask/engine` linked to the engine beside it. So vitest, tsc, tsx and spawned processes see ordinary files.
 * Invariant: a file is written only when its text differs, so watchers and incremental builds see what changed.
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Course, listFiles, twoDigits } from './catalog.ts';
import { compose, final, type Snapshot } from './compose.ts';

/** The aliases by which checkpoints and spawned programs reach a target. */
export const ALIASES = { '#engine': 'engine/src', '#redis-compat': 'redis-compat/src', '#sketch': 'sketch' } as const;

export interface FrameOptions {
  /** The name in package.json. */
  readonly name?: string;
  readonly js?: boolean;
  /** Further fields of package.json, such as `scripts`. */
  readonly manifest?: Readonly<Record<string, unknown>>;
}

/** Lay out snapshot k in `.views/NN`; the folder's path. */
export function referenceTarget(course: Course, k: number, snapshot: Snapshot = compose(course, k)): string {
  return layOut(course.root, join(course.root, '.views', twoDigits(k)), snapshot);
}

/** Lay out the packages as they ship, with every sketch, in `.views/final`; the folder's path. */
export function finalTarget(course: Course): string {
  return layOut(course.root, join(course.root, '.views', 'final'), final(course));
}

/** Make `dir` hold exactly `files` and the frame around them; the folder's path. */
export function layOut(root: string, dir: string, files: Snapshot, options: FrameOptions = {}): string {
  for (const folder of Object.values(ALIASES)) {
    for (const path of listFiles(join(dir, folder))) {
      if (!files.has(`${folder}/${path}`)) rmSync(join(dir, folder, path));
    }
  }
  for (const [path, text] of files) writeIfChanged(join(dir, path), text);
  writeFrame(root, dir, options);
  return dir;
}

/** Write package.json, tsconfig.json and the link to the engine; what else is in `dir` stays as it is. */
export function writeFrame(root: string, dir: string, options: FrameOptions = {}): void {
  for (const [path, text] of frame(root, options)) writeIfChanged(join(dir, path), text);
  linkEngine(dir);
}

/** The files that turn a folder into a project of its own. */
export function frame(root: string, options: FrameOptions = {}): Map<string, string> {
  const js = options.js ?? false;
  const imports = Object.fromEntries(Object.entries(ALIASES).map(([alias, folder]) => importEntry(alias, folder, js)));
  const manifest = {
    name: options.name ?? 'zerocask-view',
    version: '0.0.0',
    private: true,
    type: 'module',
    ...options.manifest,
    imports,
  };
  const out = new Map<string, string>([
    ['package.json', json(manifest)],
    ['engine/package.json', json(packageManifest(root, 'engine', js))],
    ['redis-compat/package.json', json(packageManifest(root, 'redis-compat', js))],
  ]);
  if (!js) out.set('tsconfig.json', json(tsconfig(root)));
  return out;
}

/** Write `text` unless the file holds it already; true when it was written. */
export function writeIfChanged(file: string, text: string): boolean {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return false;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return true;
}

/** Tests name `.ts` files; in the JavaScript edition the same names lead to `.js` files. */
function importEntry(alias: string, folder: string, js: boolean): [string, string] {
  return js ? [`${alias}/*.ts`, `./${folder}/*.js`] : [`${alias}/*`, `./${folder}/*`];
}

/** The package as a target sees it: every door leads to its source. */
function packageManifest(root: string, name: string, js: boolean): Record<string, unknown> {
  const own = readJson(join(root, name, 'package.json'));
  const doors: Record<string, string> = {};
  for (const [door, where] of Object.entries((own['exports'] ?? {}) as Record<string, unknown>)) {
    const source =
      typeof where === 'object' && where !== null ? (where as Record<string, unknown>)['@zerocask/source'] : undefined;
    if (typeof source === 'string') doors[door] = js ? source.replace(/\.ts$/, '.js') : source;
  }
  if (Object.keys(doors).length === 0) doors['.'] = js ? './src/index.js' : './src/index.ts';
  return {
    name: own['name'] ?? `@zerocask/${name}`,
    version: own['version'] ?? '0.0.0',
    private: true,
    type: 'module',
    exports: doors,
  };
}

/** The compiler options of the packages, without anything that writes. */
function tsconfig(root: string): Record<string, unknown> {
  const base = (readJson(join(root, '.tsconfig.base.json'))['compilerOptions'] ?? DEFAULT_OPTIONS) as Record<
    string,
    unknown
  >;
  const { declarationMap, sourceMap, rewriteRelativeImportExtensions, ...options } = base;
  const compilerOptions = { ...options, declaration: true, noEmit: true, allowImportingTsExtensions: true };
  return { compilerOptions, include: ['engine/src', 'redis-compat/src', 'sketch'] };
}

const DEFAULT_OPTIONS = { target: 'es2023', module: 'nodenext', types: ['node'], strict: true, skipLibCheck: true };

function readJson(file: string): Record<string, unknown> {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** A junction on Windows, which needs no rights; a link elsewhere. */
function linkEngine(dir: string): void {
  const link = join(dir, 'node_modules', '@zerocask', 'engine');
  const target = resolve(dir, 'engine');
  mkdirSync(dirname(link), { recursive: true });
  if (isLink(link)) {
    if (existsSync(link) && realpathSync(link) === realpathSync(target)) return;
    rmSync(link, { recursive: true, force: true });
  }
  mkdirSync(target, { recursive: true });
  symlinkSync(process.platform === 'win32' ? target : join('..', '..', 'engine'), link, 'junction');
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink() || readlinkSync(path) !== '';
  } catch {
    return false;
  }
}
