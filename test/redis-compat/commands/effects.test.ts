/**
 * What each command reports: the keys it touched and the events that keyspace notifications are made of, as Redis has them.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type OurServer, startOurs } from '../../support/our-server.ts';
import { parseCommand } from '../../support/raw-client.ts';

let ours: OurServer;
let reports: string[] = [];

beforeAll(async () => {
  ours = await startOurs();
  const key = (bytes: Buffer, start: number, end: number): string => bytes.toString('latin1', start, end);
  ours.server.state.effects.listener = {
    touched: (database, bytes, start, end) => void reports.push(`touched ${database}:${key(bytes, start, end)}`),
    event: (eventClass, name, database, bytes, start, end) =>
      void reports.push(`${eventClass} ${name} ${database}:${key(bytes, start, end)}`),
    replaced: database => void reports.push(`replaced ${database}`),
  };
});

afterAll(() => ours.stop());

beforeEach(async () => {
  await ours.run(
    ['SELECT', '0'],
    ['FLUSHALL'],
    ['SET', 's', 'abc'],
    ['SET', 'n', '5'],
    ['SET', 'v', 'x', 'EX', '1000'],
  );
  reports = [];
});

/** Each line: a command, and what it reports beside touching its key. */
const CASES: readonly (readonly [string, ...string[]])[] = [
  ['SET s x', 'touched 0:s', 'string set 0:s'],
  ['SET fresh x', 'new new 0:fresh', 'touched 0:fresh', 'string set 0:fresh'],
  ['SET s x EX 100', 'touched 0:s', 'string set 0:s', 'generic expire 0:s'],
  ['SET s x NX'],
  ['SETEX s 100 x', 'touched 0:s', 'string set 0:s', 'generic expire 0:s'],
  ['GETSET s x', 'touched 0:s', 'string set 0:s'],
  ['GETDEL s', 'touched 0:s', 'generic del 0:s'],
  ['GETEX s'],
  ['GETEX s EX 100', 'touched 0:s', 'generic expire 0:s'],
  ['GETEX v PERSIST', 'touched 0:v', 'generic persist 0:v'],
  ['GETEX s PERSIST'],
  ['GETEX s EXAT 1', 'touched 0:s', 'generic del 0:s'],
  ['MSET s 1 n 2', 'touched 0:s', 'string set 0:s', 'touched 0:n', 'string set 0:n'],
  ['APPEND s x', 'touched 0:s', 'string append 0:s'],
  ['SETRANGE s 1 x', 'touched 0:s', 'string setrange 0:s'],
  ['SETRANGE s 1 ""'],
  ['INCR n', 'touched 0:n', 'string incrby 0:n'],
  ['DECRBY n 2', 'touched 0:n', 'string incrby 0:n'],
  ['INCRBYFLOAT n 2', 'touched 0:n', 'string incrbyfloat 0:n'],
  ['INCR s'],
  ['SETBIT s 1 0', 'touched 0:s', 'string setbit 0:s'],
  ['SETBIT s 1 1'],
  ['BITFIELD s SET u8 0 1', 'touched 0:s', 'string setbit 0:s'],
  ['BITFIELD s GET u8 0'],
  ['BITOP NOT n s', 'touched 0:n', 'string set 0:n'],
  ['BITOP NOT n none', 'touched 0:n', 'generic del 0:n'],
  ['SADD m a b', 'new new 0:m', 'touched 0:m', 'set sadd 0:m'],
  ['SREM m a'],
  ['SADD s a'],
  ['DEL s none n', 'touched 0:s', 'generic del 0:s', 'touched 0:n', 'generic del 0:n'],
  ['EXPIRE s 100', 'touched 0:s', 'generic expire 0:s'],
  ['EXPIRE s 100 XX'],
  ['EXPIRE s -1', 'touched 0:s', 'generic del 0:s'],
  ['PERSIST v', 'touched 0:v', 'generic persist 0:v'],
  ['PERSIST s'],
  ['RENAME s n', 'touched 0:s', 'touched 0:n', 'generic rename_from 0:s', 'generic rename_to 0:n'],
  ['COPY s t DB 1', 'new new 1:t', 'touched 1:t', 'generic copy_to 1:t'],
  ['MOVE s 1', 'new new 1:s', 'touched 0:s', 'touched 1:s', 'generic move_from 0:s', 'generic move_to 1:s'],
  ['SWAPDB 0 1', 'replaced 0', 'replaced 1'],
  ['FLUSHDB', 'replaced 0'],
  ['GET s'],
  ['TTL v'],
  ['SCAN 0'],
];

describe('effects', () => {
  test.each(CASES)('%s', async (line, ...expected) => {
    await ours.run(parseCommand(line));
    expect(reports).toEqual(expected);
  });

  test('a set that has lost its last member is reported as deleted', async () => {
    await ours.run(['SADD', 'm', 'a', 'b', 'c']);
    reports = [];
    await ours.run(['SREM', 'm', 'a'], ['SPOP', 'm', '5']);
    expect(reports).toEqual(['touched 0:m', 'set srem 0:m', 'touched 0:m', 'set spop 0:m', 'generic del 0:m']);
  });

  test('a key that is met after its time is reported as expired', async () => {
    await ours.run(['SET', 's', 'x', 'PXAT', '1']);
    reports = [];
    expect(await ours.client.call('GET', 's')).toBe('_');
    expect(reports).toEqual(['touched 0:s', 'expired expired 0:s']);
  });

  test('changes are counted as Redis counts them', async () => {
    const changes = async (line: string): Promise<number> => {
      const before = ours.server.state.effects.changes;
      await ours.run(parseCommand(line));
      return ours.server.state.effects.changes - before;
    };
    expect(await changes('MSET a 1 b 2')).toBe(2);
    expect(await changes('RENAME a c')).toBe(1);
    expect(await changes('BITFIELD f SET u8 0 1 SET u8 8 1')).toBe(2);
    expect(await changes('SETBIT f 7 1')).toBe(0);
    expect(await changes('GET c')).toBe(0);
    expect(await changes('FLUSHALL')).toBe(6);
  });
});
