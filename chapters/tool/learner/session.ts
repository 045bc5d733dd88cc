/**
 * One run of the program: where it works, what language it speaks, how it prints. Commands get a Session and nothing
 * global, so a test can give them any.
 */
import { basename, join, relative } from 'node:path';
import type { Language } from './language.ts';
import { type MessageKey, type Params, speak } from './messages.ts';
import { posix, shortPath } from './places.ts';
import { type LearnerState, readState, writeState } from './state.ts';
import type { Paint } from './terminal.ts';

export interface Session {
  readonly courseRoot: string;
  readonly folder: string;
  readonly lang: Language;
  readonly paint: Paint;
  /** Both ends are a person's terminal: questions and single keys make sense. */
  readonly interactive: boolean;
  readonly columns: number;
  readonly print: (text?: string) => void;
  readonly say: (key: MessageKey, params?: Params) => string;
}

/** Ends a command with one friendly sentence and an exit code; no stack is shown. */
export class Stop extends Error {
  override readonly name: string = 'Stop';
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

export interface SessionInput {
  courseRoot: string;
  folder: string;
  lang: Language;
  paint: Paint;
  interactive: boolean;
  columns: number;
  print: (text?: string) => void;
}

export const createSession = (input: SessionInput): Session => ({
  ...input,
  say: (key, params) => speak(input.lang, key, params),
});

/** The learner's state; a friendly stop when there is no folder yet. */
export function requireState(session: Session): LearnerState {
  const state = readState(session.folder);
  if (state === undefined) throw new Stop(session.say('noFolder', { command: command(session, 'start') }));
  return state;
}

/** Reads, changes and writes the state in one go. */
export function updateState(session: Session, change: (state: LearnerState) => void): LearnerState {
  const state = requireState(session);
  change(state);
  writeState(session.folder, state);
  return state;
}

/**
 * The command line to show a learner: `npm run course -- check 3`; npm needs the `--` for flags, so it always stands. A folder in another place has
 * scripts of its own, so only `start`, which makes it, has to be told where.
 */
export function command(session: Session, words: string): string {
  const dir =
    isElsewhere(session) && words.startsWith('start') && !words.includes('--dir')
      ? ` --dir ${quoted(session.folder)}`
      : '';
  const all = `${words}${dir}`;
  return all === '' ? 'npm run course' : `npm run course -- ${all}`;
}

/** The folder is not the clone's `my-kv`, and the learner does not stand in it: commands have to be given there. */
export const isElsewhere = ({ courseRoot, folder }: Session): boolean =>
  posix(relative(courseRoot, folder)) !== 'my-kv' && process.env['ZEROCASK_DIR'] !== folder;

const quoted = (path: string): string => (/\s/.test(path) ? `"${path}"` : path);

export const chapterNumber = (number: number): string => String(number).padStart(2, '0');
/** How long a chapter takes, in minutes below an hour. */
export const timeOf = ({ say }: Session, { hours }: { hours: number }): string =>
  hours < 1 ? say('minutes', { minutes: Math.round(hours * 60) }) : say('hours', { hours });

/** The folder as the learner sees it from where they stand; its name when they stand in it. */
export function folderLabel(session: Session): string {
  const path = shortPath(session.folder);
  return path === '.' ? folderName(session) : path;
}

export const folderName = (session: Session): string => basename(session.folder);
export const asidePath = (session: Session): string => join(session.folder, '.course', 'aside');
