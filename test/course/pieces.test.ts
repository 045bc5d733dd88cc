import { readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { expect, test } from 'vitest';
import { listFiles, REPOSITORY } from '../../chapters/tool/catalog.ts';
import { cut, join, spans } from '../../chapters/tool/pieces.ts';
import { formatStored, parseStored } from '../../chapters/tool/store.ts';

const ids = (text: string): string[] => cut(text).map(piece => piece.id);
const textOf = (text: string, id: string): string | undefined => cut(text).find(piece => piece.id === id)?.text;

test('every TypeScript file of this repository is its pieces, byte for byte', () => {
  const folders = ['engine/src', 'redis-compat/src', 'chapters', 'test'];
  const files = folders.flatMap(folder =>
    listFiles(joinPath(REPOSITORY, folder)).map(file => joinPath(REPOSITORY, folder, file)),
  );
  const sources = files.filter(file => file.endsWith('.ts') && !file.includes(`${joinPath('chapters', '0')}`));
  expect(sources.length).toBeGreaterThan(50);
  for (const file of sources) {
    const text = readFileSync(file, 'utf8');
    const pieces = cut(text, { path: file });
    expect(join(pieces), file).toBe(text);
    expect(
      spans(pieces)
        .map(span => span.text)
        .join(''),
      file,
    ).toBe(text);
    expect(new Set(pieces.map(piece => piece.id)).size, file).toBe(pieces.length);
  }
});

test('a class is its shell and its methods, private ones and accessors too', () => {
  const text = `class A {\n  #x = 1;\n  constructor() {}\n\n  get size(): number {\n    return 1;\n  }\n\n  #hidden(): void {}\n\n  static make(): A {\n    return new A();\n  }\n  // the end\n}\n`;
  expect(ids(text)).toEqual(['A{', 'A.size', 'A.#hidden', 'A.make']);
  const shell = cut(text)[0];
  expect(shell?.text.slice(0, shell.hole)).toBe('class A {\n  #x = 1;\n  constructor() {}\n');
  expect(shell?.text.slice(shell.hole)).toBe('  // the end\n}\n');
});

test('the header comment goes with the imports; without imports a blank line parts it from the first symbol', () => {
  expect(ids("/** H */\nimport a from 'a';\nconst b = 1;\n")).toEqual(['imports', 'b']);
  expect(textOf('/** H */\n\n/** B */\nconst b = 1;\n', 'b')).toBe('\n/** B */\nconst b = 1;\n');
  expect(ids('/** B */\nconst b = 1;\n')).toEqual(['b']);
  expect(ids('#!/usr/bin/env node\n/** B */\nconst b = 1;\n')).toEqual(['imports', 'b']);
});

test('comments and blank lines above belong to a piece, a comment behind it on its line too', () => {
  expect(textOf('const a = 1; // why\n\n// b\nconst b = 2;\n// last\n', 'a')).toBe('const a = 1; // why\n');
  expect(textOf('const a = 1;\n\n// b\nconst b = 2;\n// last\n', 'b')).toBe('\n// b\nconst b = 2;\n// last\n');
});

test('overloads, and a type beside its value, are one piece; statements without a name are named by their head', () => {
  expect(ids('function f(a: 1): 1;\nfunction f(a: 2): 2;\nfunction f(a: never): never {\n  return a;\n}\n')).toEqual([
    'f',
  ]);
  expect(ids("export const K = ['a'] as const;\nexport type K = (typeof K)[number];\n")).toEqual(['K']);
  expect(ids("export { a } from './a.ts';\nmain();\nawait run(1);\nif (x) y();\nmain();\n")).toEqual([
    'export:./a.ts',
    'main()',
    'run()',
    'if',
    'main()~2',
  ]);
});

test('a file that does not parse is named with line and column', () => {
  expect(() => cut('const a = ;\n', { path: 'engine/src/a.ts' })).toThrow('engine/src/a.ts:1:11');
});

test('of two methods of one name, the second can be stored without the first', () => {
  const text = [
    'class Box {',
    '  static check(): void {}',
    '',
    '  open(): void {}',
    '',
    '  check(): void {}',
    '}',
    '',
  ].join('\n');
  const second = cut(text, { header: false, path: 'box.ts' }).filter(piece => piece.id === 'Box.check~2');
  expect(second.length).toBe(1);
  const stored = formatStored(second, false);
  expect(stored).toContain('superseded later: Box.check~2');
  expect(parseStored(stored, 'box.ts').pieces).toEqual(second);
});
