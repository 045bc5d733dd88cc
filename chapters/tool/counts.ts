/**
 * The course in numbers: what is typed, given, not taught yet, and superseded, in lines that are not empty.
 *
 * Superseded are the lines of symbols that a later chapter writes again or removes: the fewer, the better the architecture. A
 * text that is stored several times, since the order around it changes, counts once. Of a symbol that is written again most
 * lines stay, so lines that blocks have the reader take out are counted too.
 */
import type { Course } from './catalog.ts';
import type { Composer } from './compose.ts';
import type { FileHistory } from './file-history.ts';
import { isIndex } from './index-file.ts';
import { takenOutLines, typedLines } from './lesson-checks.ts';
import { codeLines, label } from './pieces.ts';
import type { WovenLesson } from './weave.ts';
import { PENDING, splitSymbol } from './writers.ts';

export interface PackageCounts {
  readonly name: string;
  /** Lines of the package as it ships, index files left out. */
  readonly final: number;
  /** Lines that blocks have the reader type, changes counted each time. */
  readonly typed: number;
  readonly given: number;
  readonly notYetTaught: number;
  readonly superseded: number;
  /** Lines that blocks have the reader take out again. */
  readonly takenOut: number;
}

export interface CourseCounts {
  readonly chapters: number;
  readonly blocks: number;
  readonly packages: readonly PackageCounts[];
}

/** Count the course. `lessons` are the woven ones; the English are counted, since both languages agree. */
export function countCourse(course: Course, composer: Composer, lessons: readonly WovenLesson[]): CourseCounts {
  const english = lessons.filter(lesson => lesson.language === 'en');
  const blocks = english.reduce((sum, lesson) => sum + lesson.steps.length, 0);
  const packages = ['engine', 'redis-compat', 'sketch'].map(name => countPackage(name, course, composer, english));
  return { chapters: course.chapters.length, blocks, packages };
}

function countPackage(
  name: string,
  course: Course,
  composer: Composer,
  lessons: readonly WovenLesson[],
): PackageCounts {
  const inside = (path: string): boolean => path.startsWith(`${name}/`) && !isIndex(path);
  let [final, typed, given, notYetTaught, superseded, takenOut] = [0, 0, 0, 0, 0, 0];
  for (const [path, text] of composer.packages) if (inside(path)) final += codeLines(text);
  for (const sketches of composer.sketches.values()) {
    for (const [path, text] of sketches) if (inside(path)) final += codeLines(text);
  }
  for (const { chapter, steps } of lessons) {
    for (const { step, block } of steps) {
      if (block === undefined || !step.path.startsWith(`${name}/`)) continue;
      const symbols = step.ids.every(id => chapter.given.includes(`${step.path}#${label(id)}`));
      const lines = typedLines(block.language, block.lines);
      if (symbols) given += lines;
      else typed += lines;
      takenOut += takenOutLines(block.language, block.lines);
    }
  }
  for (const chapter of course.chapters) {
    for (const entry of chapter.given) {
      const { path, symbol } = splitSymbol(entry);
      if (symbol === undefined && inside(path)) given += codeLines(composer.snapshot(chapter.number).get(path) ?? '');
    }
  }
  for (const path of composer.paths().filter(inside)) {
    const { steps } = composer.file(path);
    superseded += supersededLines(path, steps);
    for (const { writer, ids } of steps) {
      if (writer.number !== PENDING) continue;
      for (const piece of composer.packagePieces(path)) if (ids.has(piece.id)) notYetTaught += codeLines(piece.text);
    }
  }
  return { name, final, typed, given, notYetTaught, superseded, takenOut };
}

function supersededLines(path: string, steps: FileHistory['steps']): number {
  const texts = new Map<string, string>();
  for (const [i, { writer }] of steps.entries()) {
    for (const { id, text } of writer.stored.get(path)?.pieces ?? []) {
      const isReplaced = steps
        .slice(i + 1)
        .some(later => later.ids.has(id) || later.gone === 'file' || later.gone.has(id));
      if (isReplaced) texts.set(`${id} ${text}`, text);
    }
  }
  return [...texts.values()].reduce((sum, text) => sum + codeLines(text), 0);
}

/** The counts as a table for people. */
export function printCounts(counts: CourseCounts): string[] {
  const share = (part: number, of: number): string => `${part} (${of === 0 ? 0 : ((100 * part) / of).toFixed(1)}%)`;
  const head = ['', 'lines', 'typed', 'given', 'not yet taught', 'superseded', 'taken out'];
  const rows = counts.packages.map(({ name, final, typed, given, notYetTaught, superseded, takenOut }) => {
    const shares = [typed, given, notYetTaught, superseded, takenOut].map(part => share(part, final));
    return [name, String(final), ...shares];
  });
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => (row[i] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return [`${counts.chapters} chapters, ${counts.blocks} blocks`, ...[head, ...rows].map(line)];
}
