/**
 * The server group: configuration, the command table as clients read it, and what the server tells of itself.
 */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PARAMETERS } from '../../redis-compat/src/config-parameters.ts';
import { type OurServer, startOurs } from '../support/our-server.ts';
import { RawClient, type Reply } from '../support/raw-client.ts';
import { type RealRedis, startRealRedis } from '../support/real-redis.ts';

let ours: OurServer;
beforeAll(async () => {
  ours = await startOurs({ 'enable-debug-command': 'local' });
});
afterAll(() => ours.stop());
const call = async (...command: string[]): Promise<Reply> => (await ours.run(command))[0]!;

describe('INFO stats', () => {
  test('keyspace_hits and keyspace_misses count the lookups of commands that read, until CONFIG RESETSTAT', async () => {
    const counts = async (): Promise<string[]> =>
      [...String(await call('INFO', 'stats')).matchAll(/keyspace_(?:hits|misses):(\d+)/g)].map(match => match[1]!);
    await call('CONFIG', 'RESETSTAT');
    await call('SET', 'here', '1');
    await call('APPEND', 'here', '2');
    await call('MGET', 'here', 'absent', 'here');
    await call('GET', 'absent');
    expect(await counts()).toEqual(['2', '2']);
    await call('CONFIG', 'RESETSTAT');
    expect(await counts()).toEqual(['0', '0']);
  });

  test('expires counts the keys that have an expiry, however often it is changed', async () => {
    const expires = async (): Promise<string | undefined> =>
      /db9:keys=\d+,expires=(\d+)/.exec(String((await ours.run(['SELECT', '9'], ['INFO', 'keyspace']))[1]))?.[1];
    await ours.run(['SELECT', '9'], ['SET', 'a', '1', 'EX', '100'], ['SET', 'b', '1', 'EX', '100'], ['SET', 'c', '1']);
    expect(await expires()).toBe('2');
    await ours.run(['SELECT', '9'], ['EXPIRE', 'a', '200'], ['EXPIRE', 'c', '300'], ['PERSIST', 'b']);
    expect(await expires()).toBe('2');
    await ours.run(['SELECT', '9'], ['DEL', 'a'], ['SET', 'c', '2']);
    expect(await expires()).toBe('0');
  });
});

describe('CONFIG', () => {
  test('GET takes names and patterns, each parameter once', async () => {
    const reply = (await call('CONFIG', 'GET', 'maxmemory*', 'maxmemory', 'PORT', 'nosuch')) as string[];
    expect(reply.slice(1).filter((_, i) => i % 2 === 0)).toEqual([
      '$maxmemory-clients',
      '$maxmemory',
      '$maxmemory-policy',
      '$maxmemory-samples',
      '$maxmemory-eviction-tenacity',
      '$port',
    ]);
  });

  test('what tools read is there: save, appendonly, and older names', async () => {
    expect(await call('CONFIG', 'GET', 'save')).toEqual(['*', '$save', '$']);
    expect(await call('CONFIG', 'GET', 'appendonly')).toEqual(['*', '$appendonly', '$yes']);
    expect(await call('CONFIG', 'GET', 'hash-max-ziplist-entries')).toEqual(['*', '$hash-max-ziplist-entries', '$512']);
  });

  test.each([
    [['save', '60 1'], '60 1'],
    [['save', ''], ''],
    [['maxmemory', '100gb'], '107374182400'],
    [['appendfsync', 'ALWAYS'], 'always'],
    [['appendfsync', 'everysec'], 'everysec'],
    [['notify-keyspace-events', 'KEA'], 'KEA'],
    [['set-max-intset-entries', '100'], '100'],
    [['list-max-listpack-size', '-1'], '-1'],
    [['hash-max-listpack-value', '1kb'], '1024'],
    [
      ['client-output-buffer-limit', 'normal 1mb 0 0'],
      'normal 1048576 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
    ],
    [
      ['client-output-buffer-limit', 'normal 0 0 0'],
      'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
    ],
    [['appendonly', 'no'], 'yes'],
  ])('SET %j reads back as %j', async ([name, value], shown) => {
    expect(await call('CONFIG', 'SET', name!, value!)).toBe('+OK');
    expect(await call('CONFIG', 'GET', name!)).toEqual(['*', `$${name}`, `$${shown}`]);
  });

  const failed = (name: string, why: string): string =>
    `-ERR CONFIG SET failed (possibly related to argument '${name}') - ${why}`;
  test.each([
    [['nosuch', '1'], "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"],
    [['port', '1'], failed('port', "can't set immutable config")],
    [['timeout', 'x'], failed('timeout', "argument couldn't be parsed into an integer")],
    [['timeout', '-1'], failed('timeout', 'argument must be between 0 and 2147483647 inclusive')],
    [['maxmemory', '1x'], failed('maxmemory', 'argument must be a memory value')],
    [['appendonly', 'maybe'], failed('appendonly', "argument must be 'yes' or 'no'")],
    [['appendfsync', 'often'], failed('appendfsync', 'argument(s) must be one of the following: everysec, always, no')],
    [['save', '60'], failed('save', 'Invalid save parameters')],
    [
      ['notify-keyspace-events', 'Q'],
      failed('notify-keyspace-events', "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."),
    ],
    [['timeout', '1', 'timeout', '2'], failed('timeout', 'duplicate parameter')],
    [['timeout', '1', 'odd'], '-ERR syntax error'],
  ])('SET %j is refused', async (args, answer) => {
    expect(await call('CONFIG', 'SET', ...args)).toBe(answer);
  });

  test('several parameters are set all or none', async () => {
    expect(await call('CONFIG', 'SET', 'timeout', '5', 'hz', 'x')).toContain("related to argument 'hz'");
    expect(await call('CONFIG', 'GET', 'timeout')).toEqual(['*', '$timeout', '$0']);
    expect(await call('CONFIG', 'SET', 'lfu-decay-time', '5', 'hz', '20')).toBe('+OK');
    expect(await call('CONFIG', 'GET', 'hz')).toEqual(['*', '$hz', '$20']);
  });

  test('RESETSTAT sets the counters to nothing', async () => {
    await call('NOSUCH');
    expect(await call('CONFIG', 'RESETSTAT')).toBe('+OK');
    expect(String(await call('INFO', 'stats'))).toContain('total_error_replies:0');
  });
});

describe('COMMAND', () => {
  test('COUNT, LIST and the table agree', async () => {
    const all = (await call('COMMAND')) as Reply[][];
    expect(await call('COMMAND', 'COUNT')).toBe(`:${all.length - 1}`);
    const list = (await call('COMMAND', 'LIST')) as string[];
    expect(list).toContain('$client|setname');
    expect(list.length).toBeGreaterThan(all.length);
    expect(await call('COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'client|set*')).toEqual([
      '*',
      '$client|setinfo',
      '$client|setname',
    ]);
    expect(await call('COMMAND', 'LIST', 'FILTERBY', 'ACLCAT', 'nosuch')).toEqual(['*']);
    expect(await call('COMMAND', 'LIST', 'FILTERBY', 'MODULE', 'm')).toEqual(['*']);
    expect(await call('COMMAND', 'LIST', 'FILTERBY', 'COLOUR', 'm')).toBe('-ERR syntax error');
  });

  test('INFO and DOCS answer for names they do not know', async () => {
    expect(await call('COMMAND', 'INFO', 'nosuch')).toEqual(['*', '_']);
    expect(await call('COMMAND', 'DOCS', 'nosuch')).toEqual(['*']);
    const docs = (await call('COMMAND', 'DOCS', 'config|get')) as [string, string, Reply[]];
    expect(docs[1]).toBe('$config|get');
    expect(docs[2]).toContain('$summary');
  });

  test.each([
    [
      ['GETKEYS', 'GET', 'k'],
      ['*', '$k'],
    ],
    [
      ['GETKEYS', 'MSET', 'a', '1', 'b', '2'],
      ['*', '$a', '$b'],
    ],
    [
      ['GETKEYS', 'DEL', 'a', 'b', 'c'],
      ['*', '$a', '$b', '$c'],
    ],
    [
      ['GETKEYS', 'MEMORY', 'USAGE', 'k'],
      ['*', '$k'],
    ],
    [
      ['GETKEYSANDFLAGS', 'RENAME', 'a', 'b'],
      ['*', ['*', '$a', ['*', '+RW', '+access', '+delete']], ['*', '$b', ['*', '+OW', '+update']]],
    ],
    [['GETKEYS', 'PING'], '-ERR The command has no key arguments'],
    [['GETKEYS', 'NOSUCH', 'x'], '-ERR Invalid command specified'],
    [['GETKEYS', 'GET', 'a', 'b'], '-ERR Invalid number of arguments specified for command'],
  ])('%j', async (args, answer) => {
    expect(await call('COMMAND', ...args)).toEqual(answer);
  });
});

test('HELP of every container is a list of lines', async () => {
  for (const container of ['CLIENT', 'CONFIG', 'COMMAND', 'SLOWLOG', 'LATENCY', 'MEMORY']) {
    const help = (await call(container, 'HELP')) as string[];
    expect(help[1]).toBe(`+${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
    expect(help.at(-1)).toBe('+    Print this help.');
  }
});

describe('INFO', () => {
  test('has what clients and tools look for', async () => {
    const text = String(await call('INFO'));
    for (const line of [
      'redis_version:7.2.6',
      'redis_mode:standalone',
      'loading:0',
      'role:master',
      'maxmemory_policy:noeviction',
      'aof_enabled:1',
      'cluster_enabled:0',
    ]) {
      expect(text).toContain(`\r\n${line}\r\n`);
    }
    expect(text).toMatch(/\r\nzerocask_version:\d+\.\d+\.\d+\r\n/);
    expect(text).toMatch(/\r\nconnected_clients:\d+\r\n/);
  });

  test('shows the sections it is asked for', async () => {
    const titles = async (...sections: string[]): Promise<string[]> =>
      [...String(await call('INFO', ...sections)).matchAll(/# (\w+)/g)].map(match => match[1]!);
    expect(await titles('server', 'KEYSPACE')).toEqual(['Server', 'Keyspace']);
    expect(await titles('nosuch')).toEqual([]);
    expect(await titles()).not.toContain('Commandstats');
    expect(await titles('all')).toContain('Commandstats');
  });

  test('counts calls, failures and refusals of commands', async () => {
    await ours.run(['CONFIG', 'RESETSTAT'], ['SET', 'text', 'abc'], ['INCR', 'text'], ['INCR'], ['GET', 'text']);
    const text = String(await call('INFO', 'commandstats', 'errorstats'));
    expect(text).toMatch(/cmdstat_incr:calls=1,usec=\d+,usec_per_call=[\d.]+,rejected_calls=1,failed_calls=1\r\n/);
    expect(text).toContain('errorstat_ERR:count=2');
  });
});

test('SLOWLOG keeps what was slower than the threshold, cut as Redis cuts it', async () => {
  await ours.run(['CONFIG', 'SET', 'slowlog-log-slower-than', '0', 'slowlog-max-len', '3'], ['SLOWLOG', 'RESET']);
  await ours.run(['SET', 'slow', 'x'.repeat(200)], ['MSET', ...Array.from({ length: 40 }, (_, i) => `k${i}`)]);
  const entries = (await call('SLOWLOG', 'GET')) as Reply[][];
  await ours.run(['CONFIG', 'SET', 'slowlog-log-slower-than', '10000']);
  expect(entries).toHaveLength(4);
  expect(entries[1]![4]).toHaveLength(33);
  expect((entries[1]![4] as string[]).at(-1)).toBe('$... (10 more arguments)');
  expect(entries[2]![4]).toEqual(['*', '$SET', '$slow', `$${'x'.repeat(128)}... (72 more bytes)`]);
  expect(entries[2]![5]).toMatch(/^\$127\.0\.0\.1:\d+$/);
  expect(await call('SLOWLOG', 'GET', '-2')).toBe('-ERR count should be greater than or equal to -1');
  await call('SLOWLOG', 'RESET');
  expect(await call('SLOWLOG', 'LEN')).toBe(':0');
});

test('LATENCY keeps events beyond the threshold', async () => {
  await ours.run(['CONFIG', 'SET', 'latency-monitor-threshold', '10'], ['DEBUG', 'SLEEP', '0.02']);
  const latest = (await call('LATENCY', 'LATEST')) as Reply[][];
  expect(latest[1]![1]).toBe('$command');
  expect(await call('LATENCY', 'RESET')).toBe(':1');
  expect(await call('LATENCY', 'LATEST')).toEqual(['*']);
  await ours.run(['CONFIG', 'SET', 'latency-monitor-threshold', '0']);
});

test('DEBUG runs only where it is allowed', async () => {
  expect(await call('DEBUG', 'JMAP')).toBe('+OK');
  const closed = await startOurs();
  expect(await closed.client.call('DEBUG', 'JMAP')).toMatch(/^-ERR DEBUG command not allowed\./);
  await closed.stop();
});

test('small commands of a server without replicas, modules and scripts', async () => {
  expect(
    await ours.run(['ROLE'], ['WAIT', '1', '0'], ['MODULE', 'LIST'], ['FUNCTION', 'FLUSH'], ['LATENCY', 'RESET']),
  ).toEqual([['*', '$master', ':0', ['*']], ':0', ['*'], '+OK', ':0']);
  const [, seconds] = (await call('TIME')) as string[];
  expect(Math.abs(Number(seconds!.slice(1)) - Date.now() / 1000)).toBeLessThan(2);
  expect(await call('MEMORY', 'USAGE', 'nosuch')).toBe('_');
});

test('every parameter has a legal default', async () => {
  const settable = Object.entries(PARAMETERS).filter(([, parameter]) => !parameter.immutable);
  for (const [name, parameter] of settable)
    expect([name, await call('CONFIG', 'SET', name, parameter.default)]).toEqual([name, '+OK']);
});

describe('beside a real Redis', () => {
  let real: RealRedis | undefined;
  let client: RawClient;
  beforeAll(async () => {
    real = await startRealRedis();
    if (real !== undefined) client = await RawClient.connect(real.port);
  });
  afterAll(async () => {
    client?.close();
    await real?.stop();
  });

  // Sets in any order; tips and key-spec notes are prose.
  const comparable = (info: Reply[]): unknown => {
    const [, name, arity, flags, first, last, step, categories] = info;
    const words = (reply: Reply | undefined): Reply[] => [...(reply as Reply[])].sort();
    return { name, arity, flags: words(flags), first, last, step, categories: words(categories) };
  };

  /** Where 7.2 differs from the 7.0 that Debian has. */
  const CHANGED_IN_7_2 = new Set([
    'client|no-touch',
    'client|setinfo',
    'wait',
    'command|getkeys',
    'command|getkeysandflags',
  ]);

  test('COMMAND INFO says the same of every command, but for what 7.2 changed', async context => {
    if (real === undefined) return context.skip('no redis-server on this machine');
    const names = ((await call('COMMAND', 'LIST')) as string[]).slice(1).map(name => name.slice(1));
    const [mine, theirs] = (await Promise.all([
      call('COMMAND', 'INFO', ...names),
      client.call('COMMAND', 'INFO', ...names),
    ])) as [Reply[][], Reply[][]];
    for (const [i, name] of names.entries()) {
      if (CHANGED_IN_7_2.has(name)) continue;
      expect([name, comparable(mine[i + 1]!)]).toEqual([name, comparable(theirs[i + 1]!)]);
    }
  });

  test('parameters have the same defaults, but for what is meant to differ', async context => {
    if (real === undefined) return context.skip('no redis-server on this machine');
    const pairs = (reply: Reply): Map<string, string> => {
      const words = (reply as string[]).slice(1).map(word => word.slice(1));
      return new Map(words.flatMap((word, i) => (i % 2 === 0 ? [[word, words[i + 1]!]] : [])));
    };
    const theirs = pairs(await client.call('CONFIG', 'GET', '*'));
    const meant = new Set([
      'appendonly',
      'port',
      'bind',
      'dir',
      'save',
      'logfile',
      'daemonize',
      'enable-debug-command',
      'unixsocketperm',
      'jemalloc-bg-thread',
      'syslog-ident',
      'always-show-logo',
    ]);
    for (const [name, parameter] of Object.entries(PARAMETERS)) {
      if (meant.has(name) || !theirs.has(name)) continue;
      expect([name, parameter.default]).toEqual([name, theirs.get(name)]);
    }
  });
});

test('the data directory is where it was said to be', () => {
  expect(existsSync(ours.server.config.text('dir'))).toBe(true);
});
