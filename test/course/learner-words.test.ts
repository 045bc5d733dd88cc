import { expect, test } from 'vitest';
import { type ChapterReport, emptyLines } from '../../chapters/tool/learner/check-report.ts';
import { sayExpectation } from '../../chapters/tool/learner/expectations.ts';
import { exportsOf, missingPart } from '../../chapters/tool/learner/exports.ts';
import { renderMarkdown } from '../../chapters/tool/learner/lesson-view.ts';
import { speak } from '../../chapters/tool/learner/messages.ts';
import { needsOf } from '../../chapters/tool/learner/section-needs.ts';
import type { Session } from '../../chapters/tool/learner/session.ts';
import { paintFor } from '../../chapters/tool/learner/terminal.ts';

test('a name that is declared, misspelt or nowhere is told as what it is', () => {
  const part = (source: string, wanted: string[], known: string[] = []) => missingPart('a.ts', source, wanted, known);
  expect(part('export class FirstStore {}\n', ['FirstStore'])).toBeUndefined();
  expect(part('class FirstStore {}\n', ['FirstStore'])).toMatchObject({ unexported: ['FirstStore'], misnamed: [] });
  expect(part('export default class FirstStore {}\n', ['FirstStore'])?.unexported).toEqual(['FirstStore']);
  const misspelt = [{ wanted: 'FirstStore', found: ['FirstStor'] }];
  expect(part('export class FirstStor {}\n', ['FirstStore'])?.misnamed).toEqual(misspelt);
  const short = 'export function asBuffer() {}\nexport function toBuf() {}\n';
  expect(part(short, ['asBuffer', 'toBuffer'])?.misnamed).toEqual([{ wanted: 'toBuffer', found: ['toBuf'] }]);
  const begun = 'export function readVarint() {}\nexport function sizeOfAll() {}\n';
  expect(part(begun, ['readVarint', 'crc32'])).toMatchObject({ names: ['crc32'], unexported: [], misnamed: [] });
  expect(part('export const helper = 1;\n', ['open'], ['helper'])?.misnamed).toEqual([]);
  expect(missingPart('a.ts', undefined, ['A'])).toMatchObject({ names: ['A'], fileExists: false });
  expect(exportsOf('export default class A {}').names.size).toBe(0);
});

test('what a test needs are the names in its own lines, in the helpers that it calls, and in what runs before each', () => {
  const needs = needsOf(`import { expect, test } from 'vitest';
import { Disk, type Row } from '#engine/disk.ts';
import { a, b, c } from '#engine/letters.ts';

const both = (): number => a() + b();

describe('One', () => {
  beforeEach(() => {
    new Disk();
  });
  const inner = () => c();

  test('uses a helper', () => {
    both();
  });

  test("it's its own", () => {
    inner();
  });

  for (const n of [1]) test(\`number \${n}\`, () => c());
});
`);
  const of = (section: string, name: string) => [...needs(section, name)].map(id => id.split('#')[1]).sort();
  expect(of('One', 'uses a helper')).toEqual(['Disk', 'a', 'b']);
  expect(of('One', "it's its own")).toEqual(['Disk', 'c']);
  expect(of('One', 'number 1')).toEqual(['Disk', 'a', 'b', 'c']);
});

test('comparisons without two values are told as expected and yours, in both languages', () => {
  expect(sayExpectation('en', 'expected 2996 to be less than 100')).toEqual({
    expected: 'less than 100',
    yours: '2996',
  });
  expect(sayExpectation('zh', 'expected 2996 to be less than 100')).toEqual({ expected: '小于 100', yours: '2996' });
  expect(sayExpectation('zh', 'own words: expected 5 to be greater than 7')?.expected).toBe('大于 7');
  expect(sayExpectation('en', "expected function to throw an error, but it didn't")?.yours).toBe('nothing was thrown');
  expect(sayExpectation('en', "expected [Function] to throw error including 'abc' but got 'q'")?.yours).toBe("'q'");
  expect(sayExpectation('zh', 'promise resolved "1" instead of rejecting')?.expected).toBe('应当失败');
  for (const plain of [
    'expected 1 to be 2 // Object.is equality',
    'expected [ 1 ] to deeply equal [ 2 ]',
    'no such file',
  ])
    expect(sayExpectation('en', plain)).toBeUndefined();
});

test('lines of Chinese are joined without a space beside full-width punctuation', () => {
  const text = (markdown: string): string =>
    renderMarkdown(markdown, { paint: paintFor({}, { NO_COLOR: '1' }), columns: 200 });
  expect(text('明明知道。\n2010 年')).toBe('明明知道。2010 年');
  expect(text('**明明知道。**\n2010 年')).toBe('明明知道。2010 年');
  expect(text('写入\n`put`\n，然后')).toBe('写入 put，然后');
  expect(text('plain words\nstay apart')).toBe('plain words stay apart');
});

test('a long list of empty functions is broken between names, never inside one', () => {
  const names = ['new DataFile', 'DataFile.append', 'DataFile.read', 'new OtherFile', 'OtherFile.append', 'last'];
  const tests = names.map(name => ({ failures: [{ message: `chapter 04: ${name}` }] }));
  const lines = (lang: 'en' | 'zh'): string[] => {
    const session = { lang, columns: 44, paint: paintFor({}, { NO_COLOR: '1' }), say: speak.bind(undefined, lang) };
    return emptyLines(session as unknown as Session, { outcome: { tests } } as unknown as ChapterReport);
  };
  expect(lines('en').join('\n')).toBe(`  Still empty: new DataFile,
    DataFile.append, DataFile.read,
    new OtherFile, OtherFile.append, last.`);
  for (const line of lines('zh').join('\n').split('\n')) expect(line).toMatch(/^ {2,4}\S.*[、。]$/);
});
