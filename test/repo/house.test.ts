/** What the house looks like from the street: the top level, the two languages side by side, the versions that belong together. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from './source-files.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
/** Files that git tracks, and new ones that it does not ignore. */
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter(path => existsSync(join(ROOT, path)));

describe('the top level', () => {
  test('holds exactly the rooms that the project has agreed on', () => {
    const names = new Set(tracked.map(path => path.split('/')[0]!).filter(name => !name.startsWith('.')));
    expect([...names].sort()).toEqual(
      // biome-ignore format: a list of names reads best as prose
      ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'README.zh.md', 'chapters', 'docs', 'engine', 'package-lock.json', 'package.json', 'redis-compat', 'test', 'tsconfig.json'],
    );
  });

  test('the lock file names no download host', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved": "https?:/);
  });

  test('the packages and the course carry one version', () => {
    const versions = ['.', 'engine', 'redis-compat', 'chapters'].map(
      folder => (JSON.parse(read(`${folder}/package.json`)) as { version: string }).version,
    );
    expect(new Set(versions).size).toBe(1);
  });

  test('the engine has no runtime dependency', () => {
    expect(JSON.parse(read('engine/package.json'))).not.toHaveProperty('dependencies');
  });
});

describe('documents', () => {
  const documents = tracked.filter(path => path.endsWith('.md'));

  test.each(documents)('every relative link in %s leads to a file', path => {
    const text = read(path)
      .replace(/^(`{3,}|~{3,})[\s\S]*?^\1/gm, '')
      .replace(/`[^`\n]+`/g, '');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(match => match[1]!)
      .filter(link => !/^[a-z]+:|^#/.test(link));
    const missing = links.filter(
      link => !existsSync(join(ROOT, dirname(path), decodeURIComponent(link.split('#')[0]!))),
    );
    expect(missing).toEqual([]);
  });

  test('README and README.zh have the same headings by level and the same commands', () => {
    const shape = (text: string): string[] => [...text.matchAll(/^(#{1,4}) /gm)].map(match => match[1]!);
    const commands = (text: string): string[] =>
      [...text.matchAll(/^(?:npm|redis-cli|git) .*$/gm)].map(match => match[0].replace(/\s+#.*$/, ''));
    expect(shape(read('README.zh.md'))).toEqual(shape(read('README.md')));
    expect(commands(read('README.zh.md'))).toEqual(commands(read('README.md')));
  });
});
