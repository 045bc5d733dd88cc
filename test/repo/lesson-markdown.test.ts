/**
 * Lessons are read in many programs, and CommonMark has a rule that Chinese text runs into: a closing `**` that follows a
 * punctuation mark closes nothing unless white space or another mark comes next. The stars would stand in the text, and
 * all emphasis behind them would be inside out.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './source-files.ts';

const CHAPTERS = join(ROOT, 'chapters');
const LESSONS = readdirSync(CHAPTERS, { recursive: true, encoding: 'utf8' })
  .map(path => path.replaceAll('\\', '/'))
  .filter(path => /^(\d\d-[^/]+\/)?README(\.zh)?\.md$/.test(path));

/** Text without what Markdown leaves alone: fences, comments, inline code. A code span still counts as a character. */
function proseOf(lesson: string): string {
  return lesson
    .replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/(`+)[^`][\s\S]*?\1/g, 'x');
}

/** Paragraphs, list items and table cells: emphasis never reaches from one into the next. */
const blocksOf = (prose: string): string[] => prose.split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.)\s)|\||\n(?=#)/);

/** What is wrong with the bold text of a block: every second `**` has to close, and the others to open. */
function brokenBold(block: string): string[] {
  return [...block.matchAll(/\*\*/g)].flatMap((mark, count) => {
    const [before, after] = [block[mark.index - 1] ?? ' ', block[mark.index + 2] ?? ' '];
    const [near, far] = count % 2 === 0 ? [after, before] : [before, after];
    const works = !/\s/.test(near) && (!/\p{P}/u.test(near) || /[\s\p{P}]/u.test(far));
    return works ? [] : [block.slice(Math.max(0, mark.index - 20), mark.index + 12)];
  });
}

test('a bold sentence that is followed by a word without a space is noticed', () => {
  expect(brokenBold('**一句话。**然后')).toHaveLength(1);
  expect(brokenBold('**一句话。** 然后；**词**然后；**a word**, and')).toEqual([]);
});

test.each(LESSONS)('%s: every bold text begins and ends where it should', path => {
  expect(blocksOf(proseOf(readFileSync(join(CHAPTERS, path), 'utf8'))).flatMap(brokenBold)).toEqual([]);
});
