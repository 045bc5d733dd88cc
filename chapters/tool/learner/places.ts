/**
 * Where things are: the clone that holds the lessons, and the learner's folder.
 * Folder: `--dir`, else ZEROCASK_DIR, else the folder the learner stands in (or one above it) if it is a course folder,
 * else `my-kv` in the clone.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { STATE_FILE } from './state.ts';

/** The clone; tests point it at a toy course with ZEROCASK_COURSE_ROOT. */
export function courseRootOf(env: NodeJS.ProcessEnv = process.env): string {
  const given = env['ZEROCASK_COURSE_ROOT'];
  return given ? resolve(given) : fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '');
}

/** The clone that this program itself belongs to: its tools and node_modules, whatever course is being followed. */
export const programRoot: string = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '');

/** Where the learner typed the command: npm runs scripts in the package's folder and tells the real one in INIT_CWD. */
export const standingIn = (env: NodeJS.ProcessEnv = process.env): string => env['INIT_CWD'] || process.cwd();

export function learnerFolder(
  courseRoot: string,
  dir: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const asked = dir ?? env['ZEROCASK_DIR'];
  if (asked) return resolve(standingIn(env), asked);
  return folderAbove(standingIn(env)) ?? join(courseRoot, 'my-kv');
}

function folderAbove(start: string): string | undefined {
  for (let at = resolve(start); ; at = dirname(at)) {
    if (existsSync(join(at, STATE_FILE))) return at;
    if (dirname(at) === at) return undefined;
  }
}

/** A path as people write it: relative to where they stand when that is shorter, always with forward slashes. */
export function shortPath(path: string, env: NodeJS.ProcessEnv = process.env): string {
  const near = relative(standingIn(env), path) || '.';
  return (near.length < path.length ? near : path).replaceAll('\\', '/');
}

/** A path inside a folder, with forward slashes, as lessons and chapter.json write it. */
export const posix = (path: string): string => path.replaceAll('\\', '/');
