/**
 * The learner's folder as a git repository: a commit for each green checkpoint. Git is a convenience here: without it,
 * or where it refuses, everything else works and the caller is told why by a return value.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export type CommitResult = 'committed' | 'nothing-new' | 'no-git' | 'refused';

function git(folder: string, args: readonly string[]): { ok: boolean; output: string } {
  const run = spawnSync('git', args, { cwd: folder, encoding: 'utf8', env: cleanEnvironment(), windowsHide: true });
  return { ok: run.status === 0, output: run.stdout ?? '' };
}

// A hook of the outer repository may have set GIT_DIR; it must not lead us to another repository.
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE)$/.test(name)),
  );
}

export const hasGit = (): boolean => git(process.cwd(), ['--version']).ok;

/** Whether what changes in the folder can be seen with git. */
export const hasRepository = (folder: string): boolean => existsSync(join(folder, '.git')) && hasGit();

/** Makes the folder a repository of its own. False when git is missing or refuses. */
export function initRepository(folder: string): boolean {
  if (existsSync(join(folder, '.git'))) return true;
  return git(folder, ['-c', 'init.defaultBranch=main', 'init', '--quiet']).ok;
}

/** Commits everything in the folder; a learner without user.name gets a stand-in for this commit only. */
export function commitAll(folder: string, message: string): CommitResult {
  if (!existsSync(join(folder, '.git'))) return 'no-git';
  if (!git(folder, ['add', '--all']).ok) return 'refused';
  if (git(folder, ['diff', '--cached', '--quiet']).ok) return 'nothing-new';
  const identity = git(folder, ['config', 'user.email']).output.trim() === '' ? STAND_IN : [];
  const done = git(folder, [
    ...identity,
    '-c',
    'commit.gpgsign=false',
    'commit',
    '--quiet',
    '--no-verify',
    '-m',
    message,
  ]);
  return done.ok ? 'committed' : 'refused';
}

const STAND_IN = ['-c', 'user.name=Zerocask learner', '-c', 'user.email=learner@localhost'];
