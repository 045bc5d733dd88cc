/** What must hold at the end of chapter 02: a store that finds its values again, and a disk that can forget them. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ForgetfulDisk } from '#sketch/forgetful-disk.ts';
import { type Disk, MiniCask } from '#sketch/mini-cask.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'checkpoint-02-'));
  path = join(directory, 'log');
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

/** node:fs, and a list of what it read and wrote. */
function watchedDisk(): { disk: Disk; calls: string[] } {
  const calls: string[] = [];
  const disk: Disk = {
    ...fs,
    readSync(...args) {
      const size = fs.readSync(...args);
      calls.push(`read ${size}`);
      return size;
    },
    writeSync(...args) {
      calls.push(`write ${args[1].length}`);
      return fs.writeSync(...args);
    },
  };
  return { disk, calls };
}

const record = (key: string, value: string): Buffer => {
  const bytes = Buffer.from(`........${key}${value}`);
  bytes.writeUInt32LE(Buffer.byteLength(key), 0);
  bytes.writeUInt32LE(Buffer.byteLength(value), 4);
  return bytes;
};

describe('A log and a keydir', () => {
  test('get answers what put stored, newest first', () => {
    const store = new MiniCask(path);
    store.put('city', 'Bonn');
    store.put('river', 'Rhine');
    store.put('city', 'Berlin');
    expect(store.get('city')).toBe('Berlin');
    expect(store.get('river')).toBe('Rhine');
    expect(store.get('mountain')).toBeUndefined();
    store.close();
  });

  test('a record is two little-endian sizes, the key and the value', () => {
    const store = new MiniCask(path);
    store.put('city', 'Berlin');
    store.put('城市', '柏林');
    store.close();
    const expected = Buffer.concat([record('city', 'Berlin'), record('城市', '柏林')]);
    expect(fs.readFileSync(path).toString('hex')).toBe(expected.toString('hex'));
  });

  test('the empty string is a value', () => {
    const store = new MiniCask(path);
    store.put('note', '');
    expect(store.get('note')).toBe('');
    store.close();
  });

  test('keys and values are measured in bytes, whatever the script', () => {
    const store = new MiniCask(path);
    store.put('城市', '柏林 🐻');
    store.put('country', 'Deutschland');
    expect(store.get('城市')).toBe('柏林 🐻');
    expect(store.get('country')).toBe('Deutschland');
    store.close();
  });

  test('a put is one write, a get is one read of the value alone', () => {
    const { disk, calls } = watchedDisk();
    const store = new MiniCask(path, disk);
    store.put('city', 'Berlin');
    store.put('river', 'Spree');
    store.get('city');
    expect(calls, 'calls of two puts and a get').toEqual(['write 18', 'write 18', 'read 6']);
    store.get('mountain');
    expect(calls.length, 'calls after a get of an absent key, which needs none').toBe(3);
    store.close();
  });
});

describe('Open, delete and compact', () => {
  test('a store that is opened again knows every key', () => {
    const first = MiniCask.open(path);
    for (let i = 0; i < 50; i++) first.put(`key ${i % 20}`, `value ${i}`);
    first.close();
    const second = MiniCask.open(path);
    for (let i = 30; i < 50; i++) expect(second.get(`key ${i % 20}`)).toBe(`value ${i}`);
    second.put('one', 'more');
    expect(second.get('one')).toBe('more');
    second.close();
  });

  test('the empty string is still a value after the next open', () => {
    const first = MiniCask.open(path);
    first.put('note', '');
    first.put('city', 'Berlin');
    first.close();
    const second = MiniCask.open(path);
    expect(second.get('note')).toBe('');
    expect(second.get('city')).toBe('Berlin');
    second.close();
  });

  test('open reads headers and keys, and no values', () => {
    const first = MiniCask.open(path);
    for (let i = 0; i < 10; i++) first.put(`key ${i}`, 'x'.repeat(10_000));
    first.close();
    const { disk, calls } = watchedDisk();
    MiniCask.open(path, disk).close();
    const bytes = calls.reduce((sum, call) => sum + Number(call.split(' ')[1]), 0);
    expect(bytes, 'bytes read by open').toBe(10 * (8 + 5));
  });

  test('a deleted key is absent, now and after the next open', () => {
    const first = MiniCask.open(path);
    first.put('city', 'Berlin');
    first.put('river', 'Spree');
    first.delete('city');
    expect(first.get('city')).toBeUndefined();
    first.close();
    const second = MiniCask.open(path);
    expect(second.get('city')).toBeUndefined();
    expect(second.get('river')).toBe('Spree');
    second.put('city', 'Bonn');
    expect(second.get('city')).toBe('Bonn');
    second.close();
  });

  test('a delete of an absent key writes nothing', () => {
    const store = MiniCask.open(path);
    store.put('city', 'Berlin');
    const size = fs.statSync(path).size;
    store.delete('river');
    expect(fs.statSync(path).size, 'bytes of the log after the delete of an absent key').toBe(size);
    store.delete('city');
    expect(fs.statSync(path).size, 'bytes of the log after the delete of a key').toBe(size + 8 + 4);
    store.close();
  });

  test('compact keeps the newest values and nothing else', () => {
    const store = MiniCask.open(path);
    for (let i = 0; i < 100; i++) store.put(`key ${i % 3}`, `value ${i}`);
    store.delete('key 0');
    store.compact();
    const live = record('key 1', 'value 97').length + record('key 2', 'value 98').length;
    expect(fs.statSync(path).size, 'bytes of the log after compact').toBe(live);
    expect([0, 1, 2].map(i => store.get(`key ${i}`))).toEqual([undefined, 'value 97', 'value 98']);
    store.close();
    const again = MiniCask.open(path);
    expect([0, 1, 2].map(i => again.get(`key ${i}`))).toEqual([undefined, 'value 97', 'value 98']);
    again.close();
    expect(fs.readdirSync(directory), 'files in the directory').toEqual(['log']);
  });

  test('a put after compact is there after the next open', () => {
    const store = MiniCask.open(path);
    store.put('city', 'Bonn');
    store.put('city', 'Berlin');
    store.compact();
    store.put('river', 'Spree');
    expect(store.get('river')).toBe('Spree');
    store.close();
    const again = MiniCask.open(path);
    expect([again.get('city'), again.get('river')]).toEqual(['Berlin', 'Spree']);
    again.close();
  });

  test('what a compaction left behind when it died does not bring deleted keys back', () => {
    fs.writeFileSync(`${path}.new`, record('city', 'Bonn'));
    const store = MiniCask.open(path);
    store.put('river', 'Spree');
    store.compact();
    store.close();
    const again = MiniCask.open(path);
    expect(again.get('city')).toBeUndefined();
    expect(again.get('river')).toBe('Spree');
    again.close();
  });

  test('random puts, deletes, compactions and opens agree with a Map', () => {
    let state = 7;
    const next = (limit: number): number => {
      state = (state * 16807) % 2147483647;
      return state % limit;
    };
    const model = new Map<string, string>();
    let store = MiniCask.open(path);
    for (let step = 0; step < 1500; step++) {
      const key = `key ${next(30)}`;
      const dice = next(100);
      if (dice < 60) {
        model.set(key, `value ${step}`);
        store.put(key, `value ${step}`);
      } else if (dice < 95) {
        model.delete(key);
        store.delete(key);
      } else if (dice < 97) {
        store.compact();
      } else {
        store.close();
        store = MiniCask.open(path);
      }
      expect(store.get(key), `step ${step}`).toBe(model.get(key));
    }
    store.close();
  });
});

describe('A disk that forgets', () => {
  const contents = (disk: ForgetfulDisk, name: string): string => disk.contents(name).toString();

  /** Rename `log.new` over `log`, remove `other`, and lose both in a power cut. */
  function expectChangedNamesToBeLost(disk: ForgetfulDisk): void {
    disk.renameSync('log.new', 'log');
    disk.rmSync('other', { force: true });
    expect(contents(disk, 'log'), 'log before the power cut').toBe('new');
    disk.powerCut('lost');
    const found = ['log', 'log.new', 'other'].map(name => contents(disk, name));
    expect(found, 'log, log.new and other after the power cut').toEqual(['old', 'new', 'other']);
  }

  /** Three files on the platter: `log`, `log.new` and `other`. */
  function diskWithThreeFiles(): ForgetfulDisk {
    const disk = new ForgetfulDisk();
    disk.place('log', Buffer.from('old'));
    disk.place('log.new', Buffer.from('new'));
    disk.place('other', Buffer.from('other'));
    return disk;
  }

  test('programs see what they wrote, synced or not', () => {
    const disk = new ForgetfulDisk();
    const fd = disk.openSync('file', 'a+');
    expect(disk.writeSync(fd, Buffer.from('abc')), 'bytes written').toBe(3);
    disk.writeSync(fd, Buffer.from('de'));
    const bytes = Buffer.alloc(3);
    expect(disk.readSync(fd, bytes, 0, 3, 1), 'bytes read').toBe(3);
    expect(bytes.toString()).toBe('bcd');
    expect(disk.fstatSync(fd).size, 'size of the file').toBe(5);
  });

  test('a power cut takes every byte that was not synced', () => {
    const disk = new ForgetfulDisk();
    disk.place('file', Buffer.from('old '));
    const fd = disk.openSync('file', 'a+');
    disk.writeSync(fd, Buffer.from('synced '));
    disk.fsyncSync(fd);
    disk.writeSync(fd, Buffer.from('not synced'));
    disk.powerCut('kept');
    expect(contents(disk, 'file')).toBe('old synced ');
  });

  test('a new file is there after a power cut once its directory is synced', () => {
    const disk = new ForgetfulDisk();
    const fd = disk.openSync('file', 'a+');
    disk.writeSync(fd, Buffer.from('abc'));
    disk.fsyncSync(fd);
    disk.fsyncSync(disk.openSync('.', 'r'));
    disk.powerCut('lost');
    expect(contents(disk, 'file')).toBe('abc');
  });

  test('a synced file whose name was not synced may be gone', () => {
    const disk = new ForgetfulDisk();
    const fd = disk.openSync('file', 'a+');
    disk.writeSync(fd, Buffer.from('abc'));
    disk.fsyncSync(fd);
    disk.powerCut('lost');
    expect(contents(disk, 'file')).toBe('');
    expect(disk.fstatSync(disk.openSync('file', 'a+')).size, 'size of the file').toBe(0);
  });

  test('a rename that is kept leads to the bytes that were synced, and no others', () => {
    const disk = new ForgetfulDisk();
    disk.place('log', Buffer.from('old'));
    disk.writeSync(disk.openSync('log.new', 'a+'), Buffer.from('new'));
    disk.renameSync('log.new', 'log');
    expect(contents(disk, 'log')).toBe('new');
    disk.powerCut('kept');
    expect(contents(disk, 'log')).toBe('');
  });

  test('a rename that is lost leaves the old file under the name', () => {
    const disk = new ForgetfulDisk();
    disk.place('log', Buffer.from('old'));
    const fd = disk.openSync('log.new', 'a+');
    disk.writeSync(fd, Buffer.from('new'));
    disk.fsyncSync(fd);
    disk.renameSync('log.new', 'log');
    disk.powerCut('lost');
    expect(contents(disk, 'log')).toBe('old');
  });

  test('what a power cut has settled, the next one leaves alone', () => {
    const disk = new ForgetfulDisk();
    disk.writeSync(disk.openSync('file', 'a+'), Buffer.from('abc'));
    disk.powerCut('kept');
    const fd = disk.openSync('file', 'a+');
    disk.writeSync(fd, Buffer.from('de'));
    disk.fsyncSync(fd);
    disk.powerCut('lost');
    expect(contents(disk, 'file')).toBe('de');
  });

  test('a rename or remove after the directory was synced may still be lost', () => {
    const disk = diskWithThreeFiles();
    disk.fsyncSync(disk.openSync('.', 'r'));
    expectChangedNamesToBeLost(disk);
  });

  test('a rename or remove after a power cut may be lost in the next one', () => {
    for (const names of ['kept', 'lost'] as const) {
      const disk = diskWithThreeFiles();
      disk.powerCut(names);
      expectChangedNamesToBeLost(disk);
    }
  });

  test('MiniCask works on it as it does on a real disk', () => {
    const disk = new ForgetfulDisk();
    const store = MiniCask.open('log', disk);
    store.put('city', 'Bonn');
    store.put('city', 'Berlin');
    store.compact();
    store.close();
    expect(disk.contents('log')).toEqual(record('city', 'Berlin'));
    expect(MiniCask.open('log', disk).get('city')).toBe('Berlin');
  });
});
