/**
 * What chapter.json says, held against the code: given paths, the contract now and for ever, and texts of mutants that stand there once.
 */
import { type Chapter, type Course, twoDigits } from './catalog.ts';
import type { Composer } from './compose.ts';
import { isIndex } from './index-file.ts';
import { cut, isShell, label, resolveId } from './pieces.ts';
import { splitSymbol } from './writers.ts';

/** Everything that is wrong with a chapter's chapter.json. */
export function chapterProblems(course: Course, composer: Composer, chapter: Chapter): string[] {
  const out: string[] = [];
  const place = `chapters/${chapter.id}/chapter.json`;
  const snapshot = composer.snapshot(chapter.number);
  for (const entry of chapter.given) {
    const { path, symbol } = splitSymbol(entry);
    if (!chapter.writes.has(path)) out.push(`${place}: "given": ${path} is not in "writes"`);
    else if (symbol !== undefined && !has(snapshot.get(path), path, symbol))
      out.push(`${place}: "given": ${path} has no \`${symbol}\``);
  }
  const later = course.chapters.filter(other => other.number >= chapter.number);
  for (const [path, names] of chapter.contract) {
    for (const name of names) {
      const lacks = later.find(other => !has(composer.snapshot(other.number).get(path), path, name));
      if (lacks !== undefined)
        out.push(`${place}: "contract": ${path} has no \`${name}\` in chapter ${twoDigits(lacks.number)}`);
      const text = path.startsWith('sketch/') ? snapshot.get(path) : composer.packages.get(path);
      if (lacks === undefined && !has(text, path, name))
        out.push(`${place}: "contract": \`${name}\` of ${path} is not in the package; a contract name never goes`);
    }
  }
  const required: [number, number, string][] = [
    [chapter.mutants.length, 2, 'mutants'],
    [chapter.predictions.length, 1, 'predictions'],
    [chapter.hints.length, 1, 'hints'],
  ];
  for (const [count, least, key] of required) {
    if (count < least)
      out.push(`${place}: "${key}": at least ${least} expected, there ${count === 1 ? 'is' : 'are'} ${count}`);
  }
  for (const mutant of chapter.mutants) {
    const count = (snapshot.get(mutant.file) ?? '').split(mutant.replace).length - 1;
    if (count !== 1)
      out.push(`${place}: mutant "${mutant.name}": its text occurs ${count} times in ${mutant.file} instead of once`);
  }
  return out;
}

function has(text: string | undefined, path: string, name: string): boolean {
  if (text === undefined) return false;
  if (isIndex(path)) return new RegExp(`\\b${name}\\b`).test(text);
  const ids = cut(text, { path }).map(piece => piece.id);
  if (resolveId(name, ids) !== undefined) return true;
  const [owner = '', member = ''] = name.split('.');
  const shell = cut(text, { path }).find(piece => isShell(piece.id) && label(piece.id) === owner);
  return shell !== undefined && member !== '' && new RegExp(`\\b${member}\\b`).test(shell.text);
}
