/** What kill -9 takes away. The child puts a thousand values and is killed; the parent opens the log and counts. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MiniCask } from './mini-cask.ts';

function child(path: string): void {
  const store = MiniCask.open(path);
  for (let i = 0; i < 1000; i++) store.put(`key ${i}`, `value ${i}`);
  process.kill(process.pid, 'SIGKILL'); // no close, no goodbye
}

function parent(): void {
  const directory = fs.mkdtempSync(join(tmpdir(), 'kv-'));
  const path = join(directory, 'log');
  const { signal } = spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), path]);
  const store = MiniCask.open(path);
  let found = 0;
  for (let i = 0; i < 1000; i++) if (store.get(`key ${i}`) === `value ${i}`) found += 1;
  store.close();
  fs.rmSync(directory, { recursive: true });
  console.log(`the child ended by ${signal}; of its 1000 puts ${found} are there`);
}

const [path] = process.argv.slice(2);

if (path === undefined) parent();
else child(path);
