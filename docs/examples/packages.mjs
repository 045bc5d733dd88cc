// npm run example:packages
//
// Real input: indexes every package.json below node_modules, once through the embedded library and once through
// ioredis against the server that `npm start` starts, and asks both the same three questions.
// Invariant: the two answers are equal and the count equals that of an independent walk; otherwise the exit status is 1.
import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Database } from '@zerocask/engine';
import { Redis } from 'ioredis';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NODE_MODULES = join(ROOT, 'node_modules');
const PREFIX = 'file:';

/** Every package.json below `folder` as [path, bytes]. Links are not followed, so that a workspace is not met twice. */
function* packageFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* packageFiles(path);
    else if (entry.isFile() && entry.name === 'package.json') yield [relative(ROOT, path), readFileSync(path)];
  }
}

/** The same count by another road: Node's own recursive listing. */
function countIndependently() {
  return readdirSync(NODE_MODULES, { recursive: true, withFileTypes: true }).filter(
    entry => entry.isFile() && entry.name === 'package.json',
  ).length;
}

/** Three questions about a list of package.json texts. */
function answer(texts) {
  const packages = texts.map(text => JSON.parse(text.replace(/^\uFEFF/, '')));
  const count = names => {
    const counts = new Map();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, 5);
  };
  const licenses = packages
    .filter(each => each.name)
    .map(each => (typeof each.license === 'string' ? each.license : 'not said in one word'));
  const wanted = packages.flatMap(each => Object.keys(each.dependencies ?? {}));
  const largest = texts
    .map((text, i) => [packages[i].name ?? '(no name)', Buffer.byteLength(text)])
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return {
    'Which licenses are the most common?': count(licenses),
    'Which packages do most others depend on?': count(wanted),
    'Which package.json files are the largest (bytes)?': largest.slice(0, 5),
  };
}

async function throughTheLibrary(directory, files) {
  const db = await Database.open(directory);
  for (const [path, bytes] of files) db.put(PREFIX + path, bytes);
  await db.close();

  const reopened = await Database.open(directory);
  const texts = [...reopened.entries({ prefix: PREFIX })].map(([, value]) => value.toString());
  await reopened.close();
  return texts;
}

async function throughTheServer(directory, files) {
  const port = await freePort();
  const stop = await startServer(port, directory);
  const redis = new Redis(port, '127.0.0.1');
  try {
    await Promise.all(files.map(([path, bytes]) => redis.set(PREFIX + path, bytes)));
    const keys = [];
    for (let cursor = '0'; ; ) {
      const [next, page] = await redis.scan(cursor, 'MATCH', `${PREFIX}*`, 'COUNT', 500);
      keys.push(...page);
      cursor = next;
      if (cursor === '0') break;
    }
    keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return keys.length === 0 ? [] : await redis.mget(keys);
  } finally {
    redis.disconnect();
    await stop();
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Starts `npm start` and resolves, once it accepts connections, with a function that stops it. */
function startServer(port, directory) {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const child = spawn(npm, ['start', '--silent', '--', '--port', String(port), '--dir', directory], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise(resolve => child.once('exit', resolve));
  const stop = async () => {
    const redis = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: null });
    redis.on('error', () => {}); // SHUTDOWN closes the connection instead of answering
    await redis
      .connect()
      .then(() => redis.shutdown())
      .catch(() => {});
    await exited;
  };
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout.on('data', chunk => {
      said += chunk;
      if (said.includes('Ready to accept connections')) resolve(stop);
    });
    exited.then(status => reject(new Error(`the server stopped with status ${status} before it was ready:\n${said}`)));
  });
}

const scratch = mkdtempSync(join(tmpdir(), 'zerocask-example-'));
try {
  const files = [...packageFiles(NODE_MODULES)].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  strictEqual(files.length, countIndependently(), 'the walk and the independent count differ');
  console.log(
    `${files.length} package.json files, the same as an independent walk finds (${execFileSync(process.execPath, ['-v']).toString().trim()})`,
  );

  const fromLibrary = await throughTheLibrary(join(scratch, 'library'), files);
  const fromServer = await throughTheServer(join(scratch, 'server'), files);
  strictEqual(fromLibrary.length, files.length, 'the library lost or invented a file');
  strictEqual(fromServer.length, files.length, 'the server lost or invented a file');
  const answers = answer(fromLibrary);
  deepStrictEqual(answer(fromServer), answers, 'library and server answer differently');

  for (const [question, rows] of Object.entries(answers)) {
    console.log(`\n${question}`);
    for (const [name, number] of rows) console.log(`  ${String(number).padStart(6)}  ${name}`);
  }
  console.log('\nThe library and the server gave the same three answers.\n4 passed, 0 failed');
} catch (error) {
  console.error(error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
