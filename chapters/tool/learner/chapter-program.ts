/**
 * Labs and benchmarks are programs of a chapter: `lab/main.ts`, `bench/main.ts`. They run from a copy inside the folder
 * they are about, so `#engine/...` means that folder's engine, in TypeScript and in JavaScript alike. They also get
 * ZEROCASK_TARGET (the folder) and ZEROCASK_LANG. A lab finds the fault house beside it, as `./fault-house/index.ts`.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Chapter } from '../catalog.ts';
import { programRoot } from './places.ts';

export type ProgramKind = 'lab' | 'bench';

/** Does the chapter have one? */
export const hasProgram = ({ dir }: Chapter, kind: ProgramKind): boolean => existsSync(join(dir, kind, 'main.ts'));

// tsx wraps small functions in helpers, which would be measured too; ts-blank-space only blanks the types.
const LOADERS: Record<ProgramKind, string> = {
  lab: 'node_modules/tsx/dist/loader.mjs',
  bench: 'node_modules/ts-blank-space/loader/register.js',
};

/** What labs crash stores with. It needs nothing of the code under test but the interface FileSystem. */
const FAULT_HOUSE = join(programRoot, 'test/support/fault-house');

export interface ProgramRun {
  readonly chapter: Chapter;
  readonly kind: ProgramKind;
  readonly target: string;
  readonly lang: string;
  readonly args?: readonly string[];
  /** Keep what it prints instead of showing it. */
  readonly capture?: boolean;
}

export function runProgram({ chapter, kind, target, lang, args = [], capture }: ProgramRun): SpawnSyncReturns<string> {
  const copy = join(target, '.course', kind, basename(chapter.dir));
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(chapter.dir, kind), copy, { recursive: true });
  if (kind === 'lab') cpSync(FAULT_HOUSE, join(copy, 'fault-house'), { recursive: true });
  const loader = pathToFileURL(join(programRoot, LOADERS[kind])).href;
  const starter = kind === 'lab' ? [join(programRoot, 'chapters/tool/learner/lab-child.ts')] : [];
  return spawnSync(process.execPath, ['--import', loader, ...starter, join(copy, 'main.ts'), ...args], {
    encoding: 'utf8',
    stdio: capture ? ['ignore', 'pipe', 'inherit'] : 'inherit',
    cwd: target,
    env: { ...process.env, ZEROCASK_TARGET: target, ZEROCASK_LANG: lang },
  });
}
