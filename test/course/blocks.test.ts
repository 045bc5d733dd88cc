import { expect, test } from 'vitest';
import { applyBlock, blockOf } from '../../chapters/tool/blocks.ts';
import { merge } from '../../chapters/tool/merge.ts';
import { cut, join, type Piece } from '../../chapters/tool/pieces.ts';

const method = (name: string, body: string): string =>
  `\n  /** ${name}. */\n  ${name}(): number {\n    return ${body};\n  }\n`;
const file = (methods: readonly string[]): string =>
  `/** File. */\n\nexport class A {\n  x = 1;\n${methods.join('')}}\n\nexport const last = 1;\n`;
const round = (before: string | undefined, after: string, fresh: boolean) => {
  const pieces = (text: string | undefined): Piece[] | undefined => (text === undefined ? undefined : cut(text));
  const block = blockOf(pieces(before), cut(after), fresh);
  expect(applyBlock(before, block)).toBe(after);
  return block;
};

test('a block that begins a file or adds to its end is plain code, one blank line below', () => {
  expect(round(undefined, 'const a = 1;\n', true).lines).toEqual(['const a = 1;']);
  expect(round('const a = 1;\n', 'const a = 1;\n\nconst b = 2;\n', true)).toEqual({
    language: 'ts',
    lines: ['const b = 2;'],
  });
  expect(round('const a = 1;\n', 'const a = 1;\nconst b = 2;\n', true).language).toBe('diff');
  expect(round('const a = 1;\n', 'const a = 1;\n\nconst b = 2;\n', false).language).toBe('diff');
});

test('the context of a hunk grows until its place is found once', () => {
  const same = ['one', 'two', 'three'].map(name =>
    method(name, '1')
      .replace(/one|two|three/g, 'same')
      .replace('same()', `${name}()`),
  );
  const before = file(same);
  const after = file([same[0] ?? '', (same[1] ?? '').replace('return 1', 'return 2'), same[2] ?? '']);
  const block = round(before, after, false);
  expect(block.lines[0]).toBe('@@ A.two @@');
  expect(block.lines.length).toBeGreaterThan(8);
});

test('blocks lead from any version of a file to any other', () => {
  let seed = 7;
  const random = (n: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const version = (): string => file(names.filter(() => random(3) > 0).map(name => method(name, String(random(3)))));
  for (let i = 0; i < 300; i++) round(version(), version(), false);
});

test('a block that does not fit says which lines it looked for', () => {
  const block = { language: 'diff' as const, lines: ['@@ A.x @@', ' gone', '+new'] };
  expect(() => applyBlock('here\n', block)).toThrow('@@ A.x @@: these lines are not in the file: "gone"');
  expect(() => applyBlock('gone\ngone\n', block)).toThrow('2 times');
});

test('a merge takes both edits, and gives up where they meet', () => {
  expect(merge('a(b, c);', 'a(b, d);', 'x(b, c);')).toBe('x(b, d);');
  expect(merge('a(b);', 'a(c);', 'a(d);')).toBeUndefined();
  expect(merge('a(b);', 'a(c);', 'a(c);')).toBe('a(c);');
});

test('pieces in another order are another file', () => {
  const [a, b] = cut('const a = 1;\nconst b = 2;\n');
  if (a === undefined || b === undefined) throw new Error('two pieces were expected');
  expect(join([b, a])).toBe('const b = 2;\nconst a = 1;\n');
  round('const a = 1;\nconst b = 2;\n', join([b, a]), false);
});
