/**
 * Where plain JavaScript cannot be read. The test runner says of a JavaScript file with a syntax error neither its name nor
 * the line, so Node is asked about each file of the learner's; this is done only after a run that failed over one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from './check-outcome.ts';
import { posix } from './places.ts';

const ROOMS = ['sketch', 'engine/src', 'redis-compat/src'];

/** The failure is one over syntax that names no file. */
export const isUnnamedSyntaxError = ({ message, frames }: Failure): boolean =>
  frames.length === 0 && message.startsWith('Failed to parse source');

/** Each JavaScript file of the folder that cannot be read, as a failure with its place and Node's words. */
export function syntaxErrors(folder: string): Failure[] {
  const files = ROOMS.filter(room => existsSync(join(folder, room))).flatMap(room =>
    readdirSync(join(folder, room), { recursive: true })
      .map(name => `${room}/${posix(String(name))}`)
      .filter(path => path.endsWith('.js')),
  );
  return files.flatMap(path => {
    const run = spawnSync(process.execPath, ['--check', path], { cwd: folder, encoding: 'utf8', windowsHide: true });
    if (run.status === 0) return [];
    const [place = '', ...said] = run.stderr.split('\n');
    const line = /:(\d+)$/.exec(place)?.[1];
    const message = said
      .filter(text => !/^\s+at |^Node\.js /.test(text))
      .join('\n')
      .trimEnd();
    return [{ name: 'SyntaxError', message, frames: [line === undefined ? path : `${path}:${line}`] }];
  });
}
