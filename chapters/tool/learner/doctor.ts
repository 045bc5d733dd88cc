/**
 * `course doctor`: looks at the machine the way the course will use it, and says how to mend each thing that is wrong.
 * A check never throws; what can't be found out is a warning. Only what stops the course is an error.
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { listed } from './language.ts';
import { programRoot, shortPath } from './places.ts';
import { chapterNumber, folderLabel, type Session } from './session.ts';
import { readState } from './state.ts';

export interface Finding {
  readonly check: 'node' | 'packages' | 'git' | 'port' | 'disk' | 'write' | 'sync' | 'terminal' | 'folder';
  readonly level: 'ok' | 'warn' | 'error';
  readonly found: string;
  readonly mend?: string;
}

const LEAST_NODE = [20, 19] as const;
const LEAST_FREE_BYTES = 512 * 1024 * 1024;
const REDIS_PORT = 6379;

export async function doctor(session: Session, options: { json?: boolean }): Promise<number> {
  const findings = await examine(session);
  if (options.json) session.print(JSON.stringify(findings, null, 2));
  else for (const finding of findings) printFinding(session, finding);
  const errors = findings.filter(finding => finding.level === 'error').length;
  if (!options.json) session.print(`\n${session.say(errors === 0 ? 'doctorWell' : 'doctorIll', { count: errors })}`);
  return errors === 0 ? 0 : 1;
}

export async function examine(session: Session): Promise<Finding[]> {
  return [
    node(session),
    packages(session),
    git(session),
    await port(session),
    disk(session),
    ...writing(session),
    terminal(session),
    folder(session),
  ];
}

function printFinding(session: Session, { level, found, mend }: Finding): void {
  const { paint } = session;
  const mark = { ok: paint.green('ok   '), warn: paint.yellow('note '), error: paint.red('fix  ') }[level];
  session.print(`${mark} ${found}`);
  if (mend !== undefined) session.print(`      ${paint.dim('->')} ${mend}`);
}

function node({ say }: Session): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  const ok = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  const found = say('doctorNode', { version: process.versions.node, least: LEAST_NODE.join('.') });
  return ok ? { check: 'node', level: 'ok', found } : { check: 'node', level: 'error', found, mend: say('mendNode') };
}

function packages({ say, lang }: Session): Finding {
  const missing = ['typescript', 'tsx', 'vitest'].filter(name => !existsSync(join(programRoot, 'node_modules', name)));
  if (missing.length === 0) return { check: 'packages', level: 'ok', found: say('doctorPackages') };
  const found = say('doctorPackagesMissing', { names: listed(lang, missing) });
  return { check: 'packages', level: 'error', found, mend: say('mendPackages') };
}

function git({ say }: Session): Finding {
  const run = spawnSync('git', ['--version'], { encoding: 'utf8', windowsHide: true });
  if (run.status === 0) return { check: 'git', level: 'ok', found: run.stdout.trim() };
  return { check: 'git', level: 'warn', found: say('doctorNoGit'), mend: say('mendGit') };
}

async function port({ say }: Session): Promise<Finding> {
  const error = await listenError(REDIS_PORT);
  if (error === undefined) return { check: 'port', level: 'ok', found: say('doctorPortFree', { port: REDIS_PORT }) };
  const found = say('doctorPortTaken', { port: REDIS_PORT, code: error });
  return { check: 'port', level: 'warn', found, mend: say('mendPort', { port: REDIS_PORT + 1 }) };
}

const listenError = (number: number): Promise<string | undefined> =>
  new Promise(done => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    server.listen({ port: number, host: '127.0.0.1', exclusive: true }, () => server.close(() => done(undefined)));
  });

// The folder may not exist yet: then its nearest parent is what counts.
const nearestExisting = (path: string): string => (existsSync(path) ? path : nearestExisting(dirname(path)));

/** A path as people read it; where one stands is no dot. Chinese wants a space behind a path, and none behind a word. */
function placeName({ say, lang }: Session, path: string): string {
  const name = shortPath(path);
  if (name === '.') return say('thisFolder');
  return lang === 'zh' ? `${name} ` : name;
}

function disk(session: Session): Finding {
  const { say, folder } = session;
  const place = nearestExisting(folder);
  try {
    const { bavail, bsize } = statfsSync(place);
    const free = bavail * bsize;
    const found = say('doctorDisk', { free: (free / 2 ** 30).toFixed(1), place: placeName(session, place) });
    if (free >= LEAST_FREE_BYTES) return { check: 'disk', level: 'ok', found };
    return { check: 'disk', level: 'warn', found, mend: say('mendDisk') };
  } catch (error) {
    return { check: 'disk', level: 'warn', found: say('doctorUnknown', { what: 'statfs', reason: String(error) }) };
  }
}

function writing(session: Session): Finding[] {
  const { say, folder } = session;
  const place = nearestExisting(folder);
  const probe = join(place, `.course-doctor-${process.pid}`);
  try {
    accessSync(place, constants.W_OK);
    const microseconds = measureSync(probe);
    return [
      { check: 'write', level: 'ok', found: say('doctorWrite', { place: placeName(session, place) }) },
      { check: 'sync', level: 'ok', found: say('doctorSync', { time: (microseconds / 1000).toFixed(2) }) },
    ];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const found = say('doctorNoWrite', { place: placeName(session, place), code });
    return [{ check: 'write', level: 'error', found, mend: say('mendWrite') }];
  } finally {
    rmSync(probe, { force: true });
  }
}

/** Median time of an fdatasync after a small append, in microseconds. */
function measureSync(probe: string): number {
  const fd = openSync(probe, 'w');
  try {
    const times = Array.from({ length: 9 }, () => {
      writeSync(fd, 'course doctor');
      const start = process.hrtime.bigint();
      fdatasyncSync(fd);
      return Number(process.hrtime.bigint() - start) / 1000;
    });
    return times.sort((a, b) => a - b)[4]!;
  } finally {
    closeSync(fd);
  }
}

function terminal({ say }: Session): Finding {
  const { columns = 80, isTTY = false } = process.stdout;
  if (!isTTY) return { check: 'terminal', level: 'ok', found: say('doctorPipe') };
  const found = say('doctorTerminal', { columns });
  if (columns >= 80) return { check: 'terminal', level: 'ok', found };
  return { check: 'terminal', level: 'warn', found, mend: say('mendTerminal') };
}

function folder(session: Session): Finding {
  const { say, folder: place } = session;
  try {
    const state = readState(place);
    if (state === undefined)
      return { check: 'folder', level: 'ok', found: say('doctorNoFolder', { place: folderLabel(session) }) };
    const found = say('doctorFolder', { place: folderLabel(session), chapter: chapterNumber(state.chapter) });
    return { check: 'folder', level: 'ok', found };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { check: 'folder', level: 'error', found, mend: say('mendState') };
  }
}
