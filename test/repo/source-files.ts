/** What the repo's own tests read: every source file of a folder, and what it imports. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json, with a trailing separator left out. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** Paths of the TypeScript files below `folder`, from the repo's root, with forward slashes. */
export function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'))
    .map(entry => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** Specifiers of all static and dynamic imports and re-exports of a file. */
export function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;'"]*?\bfrom\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s*'([^']+)'/g,
    ),
  ].map(match => (match[1] ?? match[2] ?? match[3])!);
}

/** The repo path that a relative import of `file` points at. */
export function targetOf(file: string, specifier: string): string {
  return relative(ROOT, resolve(ROOT, file, '..', specifier))
    .split(sep)
    .join('/');
}
