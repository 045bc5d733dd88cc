/**
 * When replies leave: never before the log is as safe as `appendfsync` says, always in order, and not at all when the disk
 * has failed.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { FileSystem, OpenFile } from '../../engine/src/index.ts';
import { type RedisServer, start } from '../../redis-compat/src/server.ts';
import { FaultFileSystem, isSync, isWrite } from '../support/fault-file-system.ts';
import { SimulatedDisk } from '../support/fault-house/simulated-disk.ts';
import { encodeCommand, RawClient, type Reply } from '../support/raw-client.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const startOn = (
  fs: FileSystem,
  settings: Record<string, string> = {},
  dir = temporaryDirectory('durability'),
): Promise<RedisServer> => start({ settings: { port: 0, dir, ...settings }, engine: { fs } });

/** A file system whose fdatasync waits until it is let go. */
class SlowDisk extends FaultFileSystem {
  #gates: (() => void)[] = [];
  slow = false;

  override open(path: string, mode: 'read' | 'write' | 'create'): OpenFile {
    const file = super.open(path, mode);
    return {
      ...file,
      syncDataLater: async () => {
        if (this.slow) await new Promise<void>(resolve => this.#gates.push(resolve));
        await file.syncDataLater();
      },
    };
  }

  letGo(): void {
    for (const open of this.#gates.splice(0)) open();
  }
}

/** What has come of a reply after a while: it, or that it is still waited for. */
async function soon(reply: Promise<Reply>): Promise<Reply> {
  return Promise.race([reply, new Promise<Reply>(resolve => setTimeout(resolve, 100, 'still waiting'))]);
}

describe('appendfsync always', () => {
  test('a write is answered when it is on the disk, and a read shows nothing before', async () => {
    const disk = new SlowDisk();
    const server = await startOn(disk, { appendfsync: 'always' });
    const [writer, reader] = [await RawClient.connect(server.port), await RawClient.connect(server.port)];
    expect(await writer.call('SET', 'k', 'old')).toBe('+OK');
    disk.slow = true;
    const written = writer.call('SET', 'k', 'new');
    expect(await soon(written)).toBe('still waiting');
    const read = reader.call('GET', 'k');
    expect(await soon(read)).toBe('still waiting');
    const third = await RawClient.connect(server.port);
    const ping = third.call('PING');
    expect(await soon(ping)).toBe('still waiting');
    disk.slow = false;
    disk.letGo();
    expect(await written).toBe('+OK');
    expect(await read).toBe('$new');
    expect(await ping).toBe('+PONG');
    for (const client of [writer, reader, third]) client.close();
    await server.stop();
  });

  test('replies of one client stay in order over several syncs', async () => {
    const disk = new SlowDisk();
    const server = await startOn(disk, { appendfsync: 'always' });
    const client = await RawClient.connect(server.port);
    disk.slow = true;
    const first = client.run([
      ['SET', 'n', '0'],
      ['GET', 'n'],
    ]);
    const others = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(server.port)));
    const answers = others.map((other, i) =>
      other.run([
        ['INCR', 'count'],
        ['ECHO', String(i)],
      ]),
    );
    expect(await soon(answers[0]!.then(all => all[0]!))).toBe('still waiting');
    disk.slow = false;
    disk.letGo();
    expect(await first).toEqual(['+OK', '$0']);
    const all = await Promise.all(answers);
    expect(all.map(([, echo]) => echo)).toEqual(['$0', '$1', '$2', '$3', '$4']);
    expect(all.map(([count]) => count).sort()).toEqual([':1', ':2', ':3', ':4', ':5']);
    for (const each of [client, ...others]) each.close();
    await server.stop();
  });

  test('it can be changed while the server runs', async () => {
    const disk = new SlowDisk();
    const server = await startOn(disk);
    const client = await RawClient.connect(server.port);
    disk.slow = true;
    expect(await client.call('SET', 'k', '1')).toBe('+OK');
    const slower = client.run([
      ['CONFIG', 'SET', 'appendfsync', 'always'],
      ['SET', 'k', '2'],
    ]);
    expect(await soon(slower.then(replies => replies[1]!))).toBe('still waiting');
    disk.slow = false;
    disk.letGo();
    expect(await slower).toEqual(['+OK', '+OK']);
    expect(
      await client.run([
        ['CONFIG', 'SET', 'appendfsync', 'no'],
        ['SET', 'k', '3'],
      ]),
    ).toEqual(['+OK', '+OK']);
    client.close();
    await server.stop();
  });

  test.each(['always', 'everysec'])(
    'what was answered at %s is there after a crash of the power, or of the program',
    async level => {
      const root = temporaryDirectory('power');
      const disk = new SimulatedDisk(root);
      const server = await startOn(disk, { appendfsync: level }, root);
      const client = await RawClient.connect(server.port);
      const commands = Array.from({ length: 500 }, (_, i) => ['SET', `key ${i}`, `value ${i}`]);
      expect(await client.run(commands)).toEqual(commands.map(() => '+OK'));
      const left = temporaryDirectory('power');
      const after =
        level === 'always'
          ? disk.cutPower({ bytes: 'lost', names: 'lost' }, left)
          : disk.cutPower({ bytes: 'kept', names: 'kept' }, left);
      client.close();
      await server.stop();
      const again = await startOn(after, {}, left);
      const reader = await RawClient.connect(again.port);
      expect(await reader.run([['DBSIZE'], ['GET', 'key 499']])).toEqual([':500', '$value 499']);
      reader.close();
      await again.stop();
    },
  );
});

describe('a full disk', () => {
  test('holds the replies of the turn, refuses further writes, and serves reads; with room again all goes on', async () => {
    const disk = new FaultFileSystem();
    const server = await startOn(disk);
    const [writer, other, reader] = await Promise.all([1, 2, 3].map(() => RawClient.connect(server.port)));
    expect(
      await writer!.run([
        ['SET', 'a', '1'],
        ['SET', 'n', '1'],
      ]),
    ).toEqual(['+OK', '+OK']);
    disk.plan = call => (isWrite(call) && call.file.endsWith('.data') ? { error: 'ENOSPC', afterBytes: 3 } : undefined);
    const held = writer!.run([
      ['SET', 'a', '2'],
      ['INCR', 'n'],
      ['GET', 'a'],
    ]);
    expect(await soon(held.then(replies => replies[0]!))).toBe('still waiting');
    expect(await other!.call('SET', 'b', '1')).toMatch(/^-MISCONF Errors writing to the AOF file: .*no space left/);
    expect(await other!.call('DEL', 'a')).toMatch(/^-MISCONF /);
    expect(await reader!.run([['GET', 'a'], ['PING'], ['DBSIZE']])).toEqual(['$2', '+PONG', ':2']);
    expect(await reader!.call('INFO', 'persistence')).toContain('aof_last_write_status:err');
    disk.plan = () => undefined;
    expect(await held).toEqual(['+OK', ':2', '$2']);
    expect(await other!.call('SET', 'b', '1')).toBe('+OK');
    expect(await reader!.call('INFO', 'persistence')).toContain('aof_last_write_status:ok');
    for (const client of [writer!, other!, reader!]) client.close();
    await server.stop();
  });

  test('does not keep a server from stopping, which tells what was not written', async () => {
    const disk = new FaultFileSystem();
    const server = await startOn(disk);
    const client = await RawClient.connect(server.port);
    expect(await client.call('SET', 'a', '1')).toBe('+OK');
    disk.plan = call => (isWrite(call) ? { error: 'ENOSPC' } : undefined);
    const held = client.call('SET', 'a', '2').catch(error => String(error));
    expect(await soon(held)).toBe('still waiting');
    await expect(server.stop()).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await held).toContain('connection closed');
  });

  test('a start on it is refused', async () => {
    const disk = new FaultFileSystem();
    disk.plan = call => (isWrite(call) ? { error: 'ENOSPC' } : undefined);
    const server = await startOn(disk).catch(error => error);
    if (server instanceof Error) expect(server).toMatchObject({ code: 'DISK_FULL' });
    else {
      const client = await RawClient.connect(server.port);
      expect(await client.call('SET', 'k', 'v')).toMatch(/^-MISCONF /);
      expect(await client.call('GET', 'k')).toBe('_');
      client.close();
      disk.plan = () => undefined;
      await server.stop();
    }
  });
});

describe('a failed fdatasync', () => {
  test('at always, whoever waits is closed without an answer, and the server ends', async () => {
    const disk = new FaultFileSystem();
    const server = await startOn(disk, { appendfsync: 'always' });
    const client = await RawClient.connect(server.port);
    expect(await client.call('SET', 'k', '1')).toBe('+OK');
    disk.plan = call => (isSync(call) ? { error: 'EIO' } : undefined);
    await expect(client.call('SET', 'k', '2')).rejects.toThrow('connection closed');
    await expect(server.stopped).rejects.toMatchObject({ code: 'POISONED' });
    await expect(RawClient.connect(server.port)).rejects.toThrow('ECONNREFUSED');
  });

  test('at everysec, the next write finds out', async () => {
    const disk = new FaultFileSystem();
    const server = await startOn(disk);
    const client = await RawClient.connect(server.port);
    expect(await client.call('SET', 'k', '0')).toBe('+OK');
    disk.plan = call => (isSync(call) ? { error: 'EIO' } : undefined);
    expect(await client.call('SET', 'k', '1')).toBe('+OK');
    const ended = expect(server.stopped).rejects.toMatchObject({ code: 'POISONED' });
    await new Promise(resolve => setTimeout(resolve, 1300));
    const answer = await client.call('SET', 'k', '2').catch(error => String(error));
    expect(answer).toContain('connection closed');
    await ended;
  });
});

test('a turn of many writes by many clients is one append', async () => {
  const disk = new FaultFileSystem();
  const server = await startOn(disk);
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(server.port)));
  await clients[0]!.call('SET', 'k', 'v');
  const writes = (): number => disk.calls.filter(call => isWrite(call) && call.file.endsWith('.data')).length;
  const before = writes();
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.write(Buffer.concat(Array.from({ length: 500 }, (_, i) => encodeCommand(['SET', `key ${i}`, 'v']))));
  let answered = 0;
  while (answered < 500 * 5) {
    const [chunk] = await once(socket, 'data');
    answered += chunk.length;
  }
  expect(writes() - before).toBeLessThanOrEqual(10);
  socket.destroy();
  for (const client of clients) client.close();
  await server.stop();
});
