/**
 * Imports point one way: a file may import its own room and the rooms listed before it, never one listed after.
 * The lists are the architecture; docs/ARCHITECTURE.md draws them. A file that stands in no room fails here.
 */
import { describe, expect, test } from 'vitest';
import { importsOf, sourceFiles, targetOf } from './source-files.ts';

/** Lowest first. Files named together are one room: they may import each other. */
const ENGINE_ROOMS: readonly (readonly string[])[] = [
  ['errors.ts', 'clock.ts'],
  ['format/'],
  ['disk/'],
  ['keydir/'],
  ['options.ts'],
  ['log/'],
  ['scan/'],
  ['space/'],
  ['transaction/'],
  ['merge/'],
  ['housekeeping.ts'],
  ['recovery/'],
  ['check/'],
  ['database.ts'],
  ['index.ts'],
];
const REDIS_ROOMS: readonly (readonly string[])[] = [
  ['protocol/'],
  ['config.ts', 'config-parameters.ts', 'config-file.ts'],
  ['effects.ts', 'value-tag.ts'],
  ['keyspace.ts', 'expiry.ts', 'parts.ts'],
  ['data-types/'],
  ['client.ts', 'commands/'],
  ['dispatch.ts'],
  ['turn.ts'],
  ['connection.ts', 'listener.ts'],
  ['server.ts'],
  ['cli.ts', 'index.ts'],
];

function roomOf(rooms: readonly (readonly string[])[], path: string): number {
  const room = rooms.findIndex(names =>
    names.some(name => (name.endsWith('/') ? path.startsWith(name) : path === name)),
  );
  if (room < 0) throw new Error(`${path} stands in no room: add it to test/repo/layers.test.ts where it belongs`);
  return room;
}

function upwardImports(folder: string, rooms: readonly (readonly string[])[]): string[] {
  return sourceFiles(folder).flatMap(file =>
    importsOf(file)
      .filter(specifier => specifier.startsWith('.'))
      .map(specifier => targetOf(file, specifier))
      .filter(
        target =>
          !target.startsWith(`${folder}/`) ||
          roomOf(rooms, target.slice(folder.length + 1)) > roomOf(rooms, file.slice(folder.length + 1)),
      )
      .map(target => `${file} -> ${target}`),
  );
}

const outsideImports = (folder: string, allowed: (specifier: string) => boolean): string[] =>
  sourceFiles(folder).flatMap(file =>
    importsOf(file)
      .filter(specifier => !specifier.startsWith('.') && !specifier.startsWith('node:') && !allowed(specifier))
      .map(specifier => `${file} -> ${specifier}`),
  );

describe('import directions', () => {
  test('no file of the engine imports a room above its own', () => {
    expect(upwardImports('engine/src', ENGINE_ROOMS)).toEqual([]);
  });

  test('the engine imports nothing but Node itself', () => {
    expect(outsideImports('engine/src', () => false)).toEqual([]);
  });

  test('no file of the server imports a room above its own', () => {
    expect(upwardImports('redis-compat/src', REDIS_ROOMS)).toEqual([]);
  });

  test('the server reaches the engine only through its public door', () => {
    expect(outsideImports('redis-compat/src', specifier => specifier === '@zerocask/engine')).toEqual([]);
  });

  test('a file that is in no room is refused by name', () => {
    expect(() => roomOf(ENGINE_ROOMS, 'utils.ts')).toThrow('utils.ts stands in no room');
  });
});
