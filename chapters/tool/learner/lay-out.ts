/**
 * Writing into the learner's folder. Nothing else in the program writes there (but the state file).
 * Invariants: (1) a file that the learner has changed is replaced only when `replace` is asked for, and then a copy is
 *                 kept under `.course/aside/` first;
 *             (2) a file that still is as the program wrote it may be replaced freely: `state.laid` holds its hash;
 *             (3) with `replace: 'never'` the learner's files stay and are listed.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { posix } from './places.ts';
import { memberPackageJson, projectFiles } from './project-files.ts';
import { asidePath, type Session } from './session.ts';
import type { LearnerState } from './state.ts';

export type Files = Readonly<Record<string, string>>;

export interface LaidOut {
  readonly written: readonly string[];
  /** The learner's own files that differ: left as they are, or kept aside before they were replaced. */
  readonly own: readonly string[];
  /** Where the learner's versions went; undefined when nothing was replaced. */
  readonly aside?: string;
}

export interface LayOptions {
  /** What to do with a file that the learner has changed. */
  readonly replace: 'never' | 'keep-aside';
  /** Names the folder under `.course/aside/`, such as `goto-03`. */
  readonly reason: string;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** LF, whatever the editor wrote: a changed line ending is no change of the learner's. */
export const readText = (file: string): string => readFileSync(file, 'utf8').replaceAll('\r\n', '\n');

/** Which of these files exist with another text that the learner wrote. */
export function ownFiles(session: Session, state: LearnerState, files: Files): string[] {
  return Object.keys(files).filter(path => {
    const file = join(session.folder, path);
    if (!existsSync(file)) return false;
    const found = readText(file);
    return found !== files[path] && hash(found) !== state.laid[path];
  });
}

/** Writes the files; changes `state.laid`, which the caller writes. */
export function layOut(session: Session, state: LearnerState, files: Files, options: LayOptions): LaidOut {
  const own = ownFiles(session, state, files);
  const aside =
    own.length > 0 && options.replace === 'keep-aside' ? keepAside(session, own, options.reason) : undefined;
  const untouchable = new Set(aside === undefined ? own : []);
  const written: string[] = [];
  for (const [path, text] of Object.entries(files)) {
    if (untouchable.has(path)) continue;
    if (layFile(join(session.folder, path), text)) written.push(path);
    state.laid[path] = hash(text);
  }
  return aside === undefined ? { written, own } : { written, own, aside };
}

/** Writes one file over an older text of the lesson's own; the caller has looked that it is nobody's work. */
export function layOver(session: Session, state: LearnerState, path: string, text: string): void {
  layFile(join(session.folder, path), text);
  state.laid[path] = hash(text);
}

function layFile(file: string, text: string): boolean {
  if (existsSync(file) && readText(file) === text) return false;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return true;
}

/** Copies the learner's versions away; returns the folder that holds them, relative to the learner's folder: a new one, or `into`. */
export function keepAside(session: Session, paths: readonly string[], reason: string, into?: string): string {
  const target =
    into === undefined ? freshFolder(join(asidePath(session), `${timestamp()}-${reason}`)) : join(session.folder, into);
  for (const path of paths) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    copyFileSync(join(session.folder, path), join(target, path));
  }
  return posix(relative(session.folder, target));
}

/** Moves files of the learner away, where `goto` goes back to a chapter that does not have them yet. */
export function moveAside(
  session: Session,
  state: LearnerState,
  paths: readonly string[],
  reason: string,
  into?: string,
): string | undefined {
  if (paths.length === 0) return into;
  const target = keepAside(session, paths, reason, into);
  for (const path of paths) {
    rmSync(join(session.folder, path));
    delete state.laid[path];
  }
  return target;
}

/** Removes files that still are as the program (or the reference) has them. */
export function removeLaid(session: Session, state: LearnerState, paths: readonly string[]): void {
  for (const path of paths) {
    rmSync(join(session.folder, path));
    delete state.laid[path];
  }
}

// Colons are not allowed in Windows file names.
const timestamp = (): string => new Date().toISOString().slice(0, 19).replaceAll(':', '-');

function freshFolder(wanted: string): string {
  let target = wanted;
  for (let n = 2; existsSync(target); n++) target = `${wanted}-${n}`;
  mkdirSync(target, { recursive: true });
  return target;
}

/** package.json, tsconfig.json, launcher and so on. The learner's changes to them win. */
export const layProject = (session: Session, state: LearnerState): LaidOut =>
  layOut(session, state, projectFiles(state, basename(session.folder)), { replace: 'never', reason: 'project' });

const MEMBERS = ['engine', 'redis-compat'] as const;

/**
 * Once a package has its index, gives it a package.json and links it as `node_modules/@zerocask/NAME`, as `npm install`
 * in this folder would, so that `import { Database } from '@zerocask/engine'` means the learner's own engine.
 */
export function linkMembers(session: Session, state: LearnerState): string[] {
  return MEMBERS.filter(member => existsSync(join(session.folder, member, 'src', `index.${state.code}`))).filter(
    member => {
      layOut(
        session,
        state,
        { [`${member}/package.json`]: memberPackageJson(state, member) },
        { replace: 'never', reason: 'link' },
      );
      return link(join(session.folder, member), join(session.folder, 'node_modules', '@zerocask', member));
    },
  );
}

/** True when a link was made; one that already leads there, or a real folder, is left. */
function link(target: string, at: string): boolean {
  mkdirSync(dirname(at), { recursive: true });
  const wanted = process.platform === 'win32' ? target : relative(dirname(at), target);
  const found = lstatSync(at, { throwIfNoEntry: false });
  if (found !== undefined && (!found.isSymbolicLink() || readlinkSync(at) === wanted)) return false;
  rmSync(at, { force: true });
  symlinkSync(wanted, at, process.platform === 'win32' ? 'junction' : 'dir');
  return true;
}
