/**
 * Databases over the engine: what is written for them, what is left of them, and what a restart brings back.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OurServer, startOurs } from '../support/our-server.ts';
import { parseCommand, type Reply } from '../support/raw-client.ts';

let dir: string;
let ours: OurServer;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'zerocask-keyspace-'));
  ours = await startOurs({ dir });
});

afterEach(async () => {
  await ours.stop();
  await rm(dir, { recursive: true, force: true });
});

const run = (...lines: string[]): Promise<Reply[]> => ours.client.run(lines.map(parseCommand));
const spaces = (): number => ours.server.database.spaces().length;

async function restart(): Promise<void> {
  await ours.stop();
  ours = await startOurs({ dir });
}

describe('databases', () => {
  test('a database gets its space with its first write; reading creates nothing', async () => {
    const before = spaces();
    await run('GET k', 'SELECT 5', 'TTL k', 'SCAN 0', 'RANDOMKEY', 'DEL k', 'DBSIZE', 'FLUSHDB');
    expect(spaces()).toBe(before);
    await run('SET k v');
    expect(spaces()).toBe(before + 1);
  });

  test('FLUSHALL leaves no space behind, and the next write is answered', async () => {
    const before = spaces();
    await run('SET k v', 'SELECT 3', 'SET k v', 'FLUSHALL');
    expect(spaces()).toBe(before);
    expect(await run('GET k', 'SET k w', 'GET k')).toEqual(['_', '+OK', '$w']);
  });

  test('values, encodings, expiries and databases are the same after a restart', async () => {
    await run(
      'SET a 1',
      'SET b short EX 1000',
      'SETBIT c 9 1',
      'SELECT 2',
      'SET a two',
      'SWAPDB 0 2',
      'SET gone x',
      'DEL gone',
    );
    await run('SELECT 9', 'SET x y', 'FLUSHDB', 'SET z 1', 'PEXPIREAT z 33177117420123');
    const questions = [
      'SELECT 0',
      'GET a',
      'DBSIZE',
      'SELECT 2',
      'GET a',
      'GET b',
      'GET c',
      'OBJECT ENCODING a',
      'OBJECT ENCODING b',
    ];
    questions.push('OBJECT ENCODING c', 'TYPE a', 'DBSIZE', 'EXISTS gone', 'SELECT 9', 'PEXPIRETIME z', 'EXISTS x');
    const before = await run(...questions);
    await restart();
    expect(await run(...questions)).toEqual(before);
    expect(before).toContain('$two');
  });

  test('fewer databases than before hide the others and lose nothing', async () => {
    await run('SELECT 9', 'SET k nine');
    await ours.stop();
    ours = await startOurs({ dir, databases: 4 });
    expect(await run('SELECT 9')).toEqual(['-ERR DB index is out of range']);
    await run('SET k zero');
    await restart();
    expect(await run('GET k', 'SELECT 9', 'GET k')).toEqual(['$zero', '+OK', '$nine']);
  });
});

describe('expiry', () => {
  test('whoever meets an expired key removes it', async () => {
    for (const meeting of ['GET k', 'TTL k', 'EXISTS k', 'SCAN 0', 'KEYS x', 'RANDOMKEY', 'INCR n', 'RENAMENX l k']) {
      ours.server.state.expiry.enabled = false;
      await run('FLUSHALL', 'SET l v', 'SET k v PXAT 1', 'SET n 1');
      expect(await run('DBSIZE')).toEqual([':3']);
      for (let i = 0; i < 50; i++) await run(meeting);
      const [size] = await run('DBSIZE');
      expect([meeting, size]).toEqual([meeting, meeting === 'INCR n' ? ':3' : ':2']);
    }
  });

  test('keys that nobody asks for go in the background', async () => {
    await run('SELECT 7', ...Array.from({ length: 500 }, (_, i) => `SET k${i} v PX 20`), 'SET stays v PX 100000');
    await expect.poll(() => run('DBSIZE'), { timeout: 5000 }).toEqual([':1']);
    expect(ours.server.state.effects.expiredKeys).toBe(500);
  });

  test('an expired key stays gone after a restart', async () => {
    await run('SET k v PX 1', 'SET l v PX 100000');
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(await run('GET k', 'DBSIZE')).toEqual(['_', ':1']);
    await restart();
    expect(await run('DBSIZE', 'GET k', 'GET l')).toEqual([':1', '_', '$v']);
  });

  test('changing an expiry does not write the value again', async () => {
    await run(`SET k ${'x'.repeat(100_000)}`);
    const before = ours.server.database.stats.dataBytes;
    await run('EXPIRE k 1000', 'PERSIST k', 'GETEX k EX 100', 'EXPIRE k 2000 GT');
    expect(ours.server.database.stats.dataBytes - before).toBeLessThan(1000);
  });
});

describe('long strings', () => {
  /** Parts in the database that has any. */
  const parts = (): number => {
    const spaces = ours.server.database.spaces().filter(space => space.order === 'key' && space.id !== 0);
    return spaces.reduce((sum, space) => sum + space.size, 0);
  };
  const written = async (...lines: string[]): Promise<number> => {
    const before = ours.server.database.stats.dataBytes;
    await run(...lines);
    return ours.server.database.stats.dataBytes - before;
  };

  test('a change of a few bytes writes a part and not the string', async () => {
    await run('SETRANGE k 1000000 x');
    expect(await written('SETBIT k 400000 1', 'SETRANGE k 700000 abc', 'APPEND k y')).toBeLessThan(40_000);
    expect(await run('STRLEN k', 'GETBIT k 400000', 'GETRANGE k 699999 700003')).toEqual([
      ':1000002',
      ':1',
      '$\0abc\0',
    ]);
  });

  test('zeros that nobody wrote take no room', async () => {
    expect(await written('SETRANGE k 500000000 x')).toBeLessThan(20_000);
    expect(await run('STRLEN k', 'BITCOUNT k', 'BITPOS k 1')).toEqual([':500000001', ':4', ':4000000001']);
  });

  test.each(['DEL k', 'SET k short', 'GETDEL k', 'RENAME s k', 'EXPIRE k -1', 'PEXPIRE k 1', 'FLUSHALL', 'MOVE k 1'])(
    'the parts of a value go with it: %s',
    async end => {
      await run('SADD s m', `SET k ${'x'.repeat(200_000)}`);
      expect(parts()).toBe(13);
      await run(end);
      await expect.poll(parts).toBe(end === 'MOVE k 1' ? 13 : 0);
    },
  );

  test('a copy has parts of its own, a new name has not', async () => {
    await run('SETRANGE k 200000 x', 'PEXPIREAT k 33177117420123', 'COPY k l', 'RENAME k m', 'SETRANGE m 200000 y');
    expect(await run('GETRANGE l -1 -1', 'GETRANGE m -1 -1', 'PEXPIRETIME l', 'PEXPIRETIME m', 'EXISTS k')).toEqual([
      '$x',
      '$y',
      ':33177117420123',
      ':33177117420123',
      ':0',
    ]);
  });

  test('they are the same after a restart', async () => {
    const value = 'abc'.repeat(50_000);
    await run(`SET k ${value}`, 'SETRANGE k 100000 XYZ', 'RENAME k l');
    await restart();
    expect(await run('GET l')).toEqual([`$${value.slice(0, 100_000)}XYZ${value.slice(100_003)}`]);
  });
});

describe('SCAN', () => {
  test('reports every key that stays exactly once, whatever comes and goes meanwhile', async () => {
    const names = Array.from({ length: 3000 }, (_, i) => `stays:${i}`);
    await run(...names.map(name => `SET ${name} v`));
    const seen: string[] = [];
    let cursor = '0';
    let step = 0;
    do {
      const [reply] = await run(`SCAN ${cursor} COUNT 37`);
      const [, next, found] = reply as [string, string, readonly string[]];
      seen.push(
        ...found
          .slice(1)
          .map(name => name.slice(1))
          .filter(name => name.startsWith('stays:')),
      );
      await run(`SET comes:${step} v`, `DEL comes:${step - 3}`);
      cursor = next.slice(1);
      expect(Number(cursor)).toBeLessThan(2 ** 53);
      step++;
    } while (cursor !== '0');
    expect(seen.sort()).toEqual(names.sort());
  });

  test('a cursor goes on after a restart', async () => {
    const names = Array.from({ length: 200 }, (_, i) => `k${i}`);
    await run(...names.map(name => `SET ${name} v`));
    const [first] = (await run('SCAN 0 COUNT 50')) as [readonly [string, string, readonly string[]]];
    await restart();
    const [rest] = (await run(`SCAN ${first[1].slice(1)} COUNT 1000`)) as [
      readonly [string, string, readonly string[]],
    ];
    expect(rest[1]).toBe('$0');
    expect([...first[2].slice(1), ...rest[2].slice(1)].sort()).toEqual(names.map(name => `$${name}`).sort());
  });
});

describe('limits', () => {
  test('a string may not outgrow proto-max-bulk-len', async () => {
    await run('CONFIG SET proto-max-bulk-len 2mb', 'SET k x');
    expect(await run('SETRANGE k 2097151 ab', 'SETBIT k 16777216 1', 'SETRANGE k 2097150 ab', 'APPEND k c')).toEqual([
      '-ERR string exceeds maximum allowed size (proto-max-bulk-len)',
      '-ERR bit offset is not an integer or out of range',
      ':2097152',
      '-ERR string exceeds maximum allowed size (proto-max-bulk-len)',
    ]);
  });

  test('a key larger than the engine takes is refused, and the connection stays', async () => {
    const key = 'k'.repeat(16 * 1024 * 1024 + 1);
    expect(await ours.client.run([['SET', key, 'v'], ['GET', key], ['PING']])).toEqual([
      '-ERR key is larger than 16777216 bytes',
      '_',
      '+PONG',
    ]);
  });
});
