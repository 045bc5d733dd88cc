/**
 * Leads `#engine/...`, `#redis-compat/...` and `#sketch/...` into the learner's folder, for the test runner.
 *
 * What a checkpoint imports and the learner has not written yet is stood in for: the stand-in exports the wanted names,
 * and each of them throws "not written yet" when it is used. So one missing file turns its own section red and not the
 * whole chapter. Everything the learner has written is loaded from the folder as it is.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { type CheckRequest, NOT_WRITTEN } from './check-outcome.ts';
import { courseImports, missingNames } from './exports.ts';
import { posix } from './places.ts';

/** The plugin that resolves the aliases. */
export function learnerFolder({ folder, code }: CheckRequest): Plugin {
  const standIns = new Map<string, { path: string; file: string | undefined; names: string[] }>();
  return {
    name: 'learner-folder',
    enforce: 'pre',
    resolveId(source, importer) {
      const path = folderPath(source);
      if (path !== undefined && importer !== undefined) return toId(path, importer);
      return source.startsWith(STAND_IN) ? source : null;
    },
    load(id) {
      const found = standIns.get(id);
      return found === undefined ? null : standInSource(found);
    },
  };

  function toId(path: string, importer: string): string {
    const mine = code === 'js' ? path.replace(/\.ts$/, '.js') : path;
    const file = join(folder, mine);
    const wanted = namesImportedFrom(path, importer);
    const exists = existsSync(file);
    const names = exists ? missingNames(readFileSync(file, 'utf8'), wanted) : wanted;
    if (exists && names.length === 0) return posix(file);
    const id = `${STAND_IN}${path}?${names.join(',')}`;
    standIns.set(id, { path: mine, file: exists ? posix(file) : undefined, names: [...names] });
    return id;
  }
}

const STAND_IN = '\0zerocask-stand-in:';
const ALIAS = /^#(engine|redis-compat|sketch)\/(.+)$/;

function folderPath(source: string): string | undefined {
  const [, room, path] = ALIAS.exec(source) ?? [];
  if (room === undefined) return undefined;
  return room === 'sketch' ? `sketch/${path}` : `${room}/src/${path}`;
}

function namesImportedFrom(path: string, importer: string): readonly string[] {
  const file = importer.split('?')[0]!;
  const imports = existsSync(file) ? courseImports(readFileSync(file, 'utf8')) : [];
  return [...new Set(imports.filter(each => each.path === path).flatMap(each => each.names))];
}

function standInSource({ path, file, names }: { path: string; file: string | undefined; names: string[] }): string {
  const lines = names.map(
    name =>
      `export const ${name} = new Proxy(function () {}, refuse(${JSON.stringify(`${NOT_WRITTEN}${path}#${name}`)}));`,
  );
  return [
    file === undefined ? '' : `export * from ${JSON.stringify(file)};`,
    'const refuse = message => { const stop = () => { throw new Error(message); }; return { apply: stop, construct: stop,',
    "  get: (it, key) => (key === 'prototype' ? it.prototype : typeof key === 'symbol' || key === 'then' ? undefined : stop()) }; };",
    ...lines,
  ].join('\n');
}
