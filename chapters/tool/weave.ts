/**
 * Weave: fill the fences of every lesson from the code, and what commands print from the commands, in both languages.
 *
 * Invariants: (1) weaving twice is weaving once; (2) nothing outside of fences changes; (3) with problems in a lesson's markers that lesson
 * is left as it is. `check` writes nothing and says line by line what weaving would change.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { type Block, blockOf } from './blocks.ts';
import { type Chapter, type Course, LANGUAGES, type Language } from './catalog.ts';
import type { Composer } from './compose.ts';
import { type Fence, fenced, type Lesson, parseLesson, type RunMarker, replaceFences } from './lesson.ts';
import { label } from './pieces.ts';
import { type CommandRuns, outputsOf } from './run-blocks.ts';
import { givenPaths, type Step, stepsOf } from './steps.ts';

/** A lesson in one language, with what its blocks should be. */
export interface WovenLesson {
  readonly chapter: Chapter;
  readonly language: Language;
  readonly lesson: Lesson;
  readonly steps: readonly { readonly step: Step; readonly block: Block | undefined }[];
  readonly text: string;
}

export interface WeaveOptions {
  readonly check?: boolean;
  /** Chapters to weave; all by default. */
  readonly chapters?: readonly number[];
  /** How `run` blocks are run; left out, their fences stay as they are. */
  readonly runs?: CommandRuns;
}

export interface WeaveResult {
  readonly written: readonly string[];
  readonly problems: readonly string[];
  readonly lessons: readonly WovenLesson[];
}

/** Weave the lessons of the course. */
export function weave(course: Course, composer: Composer, options: WeaveOptions = {}): WeaveResult {
  const problems: string[] = [];
  const written: string[] = [];
  const lessons: WovenLesson[] = [];
  for (const [index, chapter] of course.chapters.entries()) {
    if (options.chapters !== undefined && !options.chapters.includes(chapter.number)) continue;
    const previous = course.chapters[index - 1];
    const before = previous === undefined ? new Map<string, string>() : composer.snapshot(previous.number);
    const after = composer.snapshot(chapter.number);
    const woven = LANGUAGES.flatMap(
      language => weaveLesson(course, chapter, language, before, after, options, problems) ?? [],
    );
    problems.push(...disagreements(woven));
    for (const one of woven) {
      lessons.push(one);
      const place = one.lesson.place;
      if (one.text === one.lesson.lines.join('\n')) continue;
      if (options.check === true) problems.push(...differences(course, composer, one));
      else {
        writeFileSync(chapter.lesson[one.language], one.text);
        written.push(place);
      }
    }
  }
  return { written, problems, lessons };
}

/** The lesson's file as messages name it. */
export const lessonPlace = (course: Course, chapter: Chapter, language: Language): string =>
  relative(course.root, chapter.lesson[language]).split(sep).join('/');

function weaveLesson(
  course: Course,
  chapter: Chapter,
  language: Language,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  options: WeaveOptions,
  problems: string[],
): WovenLesson | undefined {
  const place = lessonPlace(course, chapter, language);
  if (!existsSync(chapter.lesson[language])) {
    problems.push(`${place}: the lesson is missing`);
    return undefined;
  }
  const own: string[] = [];
  const lesson = parseLesson(readFileSync(chapter.lesson[language], 'utf8'), place, own);
  const steps = stepsOf(lesson, before, after, { given: givenPaths(chapter.given) }, own).map(step => ({
    step,
    block: step.after === undefined ? undefined : blockOf(step.before, step.after, step.fresh),
  }));
  problems.push(...own);
  const bodies = new Map<Fence, readonly string[]>();
  for (const { step, block } of steps) {
    if (step.marker.kind === 'code' && block !== undefined)
      bodies.set(step.marker.fence, fenced(block.language, block.lines));
  }
  const runs = lesson.items.filter((item): item is RunMarker => item.kind === 'run');
  const outputs =
    options.runs === undefined
      ? []
      : outputsOf(
          options.runs,
          chapter,
          after,
          runs.map(run => run.command),
        );
  for (const [index, output] of outputs.entries()) {
    const run = runs[index];
    if (run === undefined) continue;
    if (output.error !== undefined) problems.push(`${place}:${run.line}: ${output.error}`);
    else bodies.set(run.fence, fenced(run.fence.language || 'text', output.lines));
  }
  const text = own.length > 0 ? lesson.lines.join('\n') : replaceFences(lesson, bodies);
  return { chapter, language, lesson, steps, text };
}

/** Both languages have the same markers in the same order. */
function disagreements(lessons: readonly WovenLesson[]): string[] {
  const [en, zh] = [lessons.find(l => l.language === 'en'), lessons.find(l => l.language === 'zh')];
  if (en === undefined || zh === undefined) return [];
  const [left, right] = [markersOf(en.lesson), markersOf(zh.lesson)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    if (left[i]?.text === right[i]?.text) continue;
    const [a, b] = [left[i], right[i]];
    if (b === undefined) return [`${zh.lesson.place}: <!-- ${a?.text} --> of ${en.lesson.place}:${a?.line} is missing`];
    if (a === undefined) return [`${en.lesson.place}: <!-- ${b.text} --> of ${zh.lesson.place}:${b.line} is missing`];
    return [
      `${zh.lesson.place}:${b.line}: <!-- ${b.text} --> stands where ${en.lesson.place}:${a.line} has <!-- ${a.text} -->`,
    ];
  }
  return [];
}

function markersOf(lesson: Lesson): { text: string; line: number }[] {
  return lesson.items.flatMap(item => {
    if (item.kind === 'code') return [{ text: ['code:', item.path, ...item.names].join(' '), line: item.line }];
    if (item.kind === 'run') return [{ text: `run: ${item.command}`, line: item.line }];
    return item.kind === 'remove' ? [{ text: `remove: ${item.path}`, line: item.line }] : [];
  });
}

/** For every fence that weaving would change: the first line that differs, and where the code's text stands. */
function differences(course: Course, composer: Composer, woven: WovenLesson): string[] {
  const out: string[] = [];
  const fresh = parseLesson(woven.text, woven.lesson.place, []);
  for (const [index, item] of woven.lesson.items.entries()) {
    const other = fresh.items[index];
    if ((item.kind !== 'code' && item.kind !== 'run') || other === undefined || !('fence' in other)) continue;
    const [shown, wanted] = [withOpening(woven.lesson, item.fence), withOpening(fresh, other.fence)];
    const at = wanted.findIndex((line, i) => line !== shown[i]);
    if (at < 0 && shown.length === wanted.length) continue;
    const n = at < 0 ? wanted.length : at;
    const line = `${woven.lesson.place}:${item.fence.open + n + 1}`;
    const what = item.kind === 'run' ? `the output of \`${item.command}\`` : `the block of ${item.path}`;
    const origin = item.kind === 'code' ? originOf(composer, woven, item.line) : '';
    out.push(
      `${line}: ${what} differs${origin}: the lesson has ${quote(shown[n])}, the ${item.kind === 'run' ? 'command prints' : 'code has'} ${quote(wanted[n])} (course:sync weaves it anew)`,
    );
  }
  return out.length > 0 ? out : [`${woven.lesson.place}: weaving changes this lesson in ${course.root}`];
}

const withOpening = (lesson: Lesson, fence: Fence): string[] => lesson.lines.slice(fence.open, fence.close + 1);
const quote = (line: string | undefined): string => (line === undefined ? 'nothing' : `"${line}"`);

function originOf(composer: Composer, woven: WovenLesson, line: number): string {
  const step = woven.steps.find(({ step: candidate }) => candidate.marker.line === line)?.step;
  if (step === undefined || step.path.startsWith('sketch/')) return '';
  const homes = composer.file(step.path).at(woven.chapter.number, [])?.homes;
  const places = new Map<string, string[]>();
  for (const id of step.ids) {
    const home = homes?.get(id) ?? step.path;
    places.set(home, [...(places.get(home) ?? []), `\`${label(id)}\``]);
  }
  return ` from ${[...places].map(([home, ids]) => `${home} (${ids.join(', ')})`).join(' and ')}`;
}
