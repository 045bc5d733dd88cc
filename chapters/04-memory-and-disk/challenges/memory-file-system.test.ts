/** Challenge: a file system without a disk that no caller can tell from the real one. */
import * as nodeFs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataFile } from '#engine/disk/data-file.ts';
import type { FileId } from '#engine/disk/file-names.ts';
import { type FileSystem, nodeFileSystem, type OpenMode } from '#engine/disk/file-system.ts';
import { MemoryFileSystem } from '#sketch/memory-file-system.ts';

let directory = '';
beforeEach(() => {
  directory = nodeFs.mkdtempSync(join(tmpdir(), 'challenge-04-'));
});
afterEach(() => nodeFs.rmSync(directory, { recursive: true, force: true }));

/** What a call answers: its value, or the code of its error. */
function answer(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'an error without a code';
  }
}

/** The same calls on a file system, and all of its answers. */
function play(fs: FileSystem): unknown[] {
  const answers: unknown[] = [];
  const path = (name: string): string => join(directory, 'db', name);
  const tell = (what: string, call: () => unknown): void =>
    void answers.push(`${what}: ${JSON.stringify(answer(call))}`);
  const whole = (name: string): string => {
    const file = fs.open(path(name), 'read');
    const bytes = Buffer.alloc(file.size());
    file.read(bytes, 0, bytes.length, 0);
    file.close();
    return bytes.toString('latin1');
  };
  const write = (name: string, mode: OpenMode, text: string, position: number): number => {
    const file = fs.open(path(name), mode);
    const count = file.write(Buffer.from(`<${text}>`), 1, text.length, position);
    file.syncData();
    file.close();
    return count;
  };

  tell('list before there is a directory', () => fs.list(path('')));
  tell('create before there is a directory', () => write('a', 'create', 'x', 0));
  tell('makeDirectory', () => fs.makeDirectory(path('deep/er')));
  tell('makeDirectory again', () => fs.makeDirectory(path('deep/er')));
  tell('read what is not there', () => whole('a'));
  tell('write what is not there', () => write('a', 'write', 'x', 0));
  tell('create', () => write('a', 'create', 'hello', 0));
  tell('create again', () => write('a', 'create', 'x', 0));
  tell('write over', () => write('a', 'write', 'YY', 1));
  tell('write behind the end', () => write('a', 'write', 'far', 8));
  tell('whole', () => whole('a'));
  tell('write a file opened to read', () => write('a', 'read', 'x', 0));
  tell('list', () => fs.list(path('')).sort());
  tell('create b', () => write('b', 'create', 'the other', 0));
  tell('rename over', () => fs.rename(path('a'), path('b')));
  tell('whole', () => whole('b'));
  tell('the old name', () => whole('a'));
  tell('rename what is not there', () => fs.rename(path('a'), path('c')));
  tell('remove what is not there', () => fs.remove(path('a')));
  tell('an open file outlives its name', () => {
    const file = fs.open(path('b'), 'write');
    fs.remove(path('b'));
    file.write(Buffer.from('still'), 0, 5, 0);
    const bytes = Buffer.alloc(20, '.');
    const count = file.read(bytes, 2, 10, 0);
    file.truncate(3);
    file.truncate(6);
    const size = file.size();
    const behind = file.read(bytes, 0, 5, 100);
    file.close();
    return [count, bytes.toString('latin1'), size, behind, fs.list(path(''))];
  });
  tell('syncDirectory', () => fs.syncDirectory(path('')));
  return answers;
}

describe('A disk in memory', () => {
  test('it answers every call as the real one does', () => {
    expect(play(new MemoryFileSystem())).toEqual(play(nodeFileSystem));
  });

  test('two of them know nothing of each other', () => {
    const [one, other] = [new MemoryFileSystem(), new MemoryFileSystem()];
    one.makeDirectory('/db');
    one.open('/db/f', 'create').close();
    expect(answer(() => other.open('/db/f', 'read'))).toBe('ENOENT');
  });

  test('a data file lives on it as on a disk', async () => {
    const fs = new MemoryFileSystem();
    fs.makeDirectory('/db');
    const made = DataFile.create(fs, '/db', 1 as FileId, 77);
    made.append(Buffer.from('hello'));
    await made.syncLater();
    made.close();
    const file = DataFile.open(fs, '/db', 1 as FileId);
    expect(file).toMatchObject({ salt: 77, size: 37 });
    expect(file.read(32, 5).toString()).toBe('hello');
    expect(() => file.append(Buffer.from('x')), 'it was opened to read').toThrow();
    expect(nodeFs.existsSync('/db/0000000001.data'), 'nothing on the real disk').toBe(false);
  });

  test('what a caller does to its buffer afterwards does not change the file', () => {
    const fs = new MemoryFileSystem();
    fs.makeDirectory('/db');
    const file = fs.open('/db/f', 'create');
    const bytes = Buffer.from('hello');
    file.write(bytes, 0, 5, 0);
    bytes.fill('x');
    const target = Buffer.alloc(5);
    file.read(target, 0, 5, 0);
    expect(target.toString()).toBe('hello');
  });
});
