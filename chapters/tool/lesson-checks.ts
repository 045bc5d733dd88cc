/**
 * What a lesson has to have besides its code: its parts, steps of bearable length, links that lead somewhere, and prose that the docs site
 * can render. The same rules hold for both languages.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Course, type Language, listFiles } from './catalog.ts';
import type { Heading, Lesson } from './lesson.ts';
import type { WovenLesson } from './weave.ts';
import { splitSymbol } from './writers.ts';

/** The parts of every lesson, by the beginning of their headings. The hook stands above the first of them. */
const PARTS: readonly Readonly<Record<Language, readonly string[]>>[] = [
  { en: ['The idea'], zh: ['思路', '想法', '核心思想', '原理'] },
  { en: ['Invariants', 'The invariants'], zh: ['不变式', '不变量'] },
  { en: ['Guess first', 'Guess'], zh: ['先猜一猜', '先猜', '猜一猜'] },
  { en: ['Checkpoint', 'The checkpoint'], zh: ['检查点'] },
  { en: ['What real systems do', 'Real systems'], zh: ['真实系统', '真实的系统'] },
  { en: ['Questions'], zh: ['思考题', '问题', '面试题'] },
  { en: ['Challenges'], zh: ['挑战'] },
  { en: ['Sources'], zh: ['出处', '参考', '来源', '资料'] },
];

const STEP_LINES = 60;
const PART_LINES = 330;

/** Everything that is wrong with a lesson's form. */
export function lessonProblems(course: Course, woven: WovenLesson): string[] {
  const { lesson, chapter, language } = woven;
  return [
    ...missingParts(lesson, language),
    ...longSteps(woven),
    ...questionProblems(lesson, language),
    ...unnamedSections(woven),
    ...proseProblems(lesson),
    ...brokenLinks(course, lesson),
    ...(listFiles(join(chapter.dir, 'challenges')).some(path => path.endsWith('.test.ts'))
      ? []
      : [`chapters/${chapter.id}/challenges: there is no challenge with a test`]),
  ];
}

/** Lines that a block has the reader type: those of a new file's block, and the added ones of a difference. */
export function typedLines(language: string, lines: readonly string[]): number {
  if (language !== 'diff') return lines.filter(line => line.trim() !== '').length;
  return lines.filter(line => line.startsWith('+') && line.slice(1).trim() !== '').length;
}

/** The lines of code that a block has its reader take out. */
export function takenOutLines(language: string, lines: readonly string[]): number {
  if (language !== 'diff') return 0;
  return lines.filter(line => line.startsWith('-') && line.slice(1).trim() !== '').length;
}

const headings = (lesson: Lesson): Heading[] => lesson.items.filter((item): item is Heading => item.kind === 'heading');

function missingParts(lesson: Lesson, language: Language): string[] {
  const all = headings(lesson);
  const out: string[] = [];
  for (const part of PARTS) {
    const found = all.some(heading => part[language].some(name => heading.text.startsWith(name)));
    if (!found) out.push(`${lesson.place}: the part "${part[language][0]}" is missing (a heading that begins so)`);
  }
  const [title, second] = [all.find(h => h.level === 1), all.find(h => h.level === 2)];
  if (title === undefined) return [...out, `${lesson.place}: the lesson has no title (# ...)`];
  const hook = lesson.lines
    .slice(title.line, (second?.line ?? title.line + 1) - 1)
    .join('')
    .trim();
  if (hook === '')
    out.push(`${lesson.place}:${title.line}: the hook is missing: prose between the title and the first part`);
  return out;
}

/** A step ends at the next heading. */
function longSteps(woven: WovenLesson): string[] {
  const out: string[] = [];
  const given = new Set(woven.chapter.given.filter(entry => splitSymbol(entry).symbol !== undefined));
  let [step, part] = [
    { line: 1, lines: 0 },
    { line: 1, lines: 0 },
  ];
  const close = (): void => {
    if (step.lines > STEP_LINES)
      out.push(
        `${woven.lesson.place}:${step.line}: this step types ${step.lines} lines; at most ${STEP_LINES} (a heading ends a step)`,
      );
  };
  const closePart = (): void => {
    if (part.lines > PART_LINES)
      out.push(`${woven.lesson.place}:${part.line}: this part types ${part.lines} lines; about 300 at most`);
  };
  for (const item of woven.lesson.items) {
    if (item.kind === 'heading') {
      close();
      step = { line: item.line, lines: 0 };
      if (/^(Part|第)/.test(item.text)) {
        closePart();
        part = { line: item.line, lines: 0 };
      }
    }
    const entry = woven.steps.find(({ step: candidate }) => candidate.marker === item);
    if (
      entry?.block === undefined ||
      entry.step.ids.every(id => given.has(`${entry.step.path}#${id.replace(/\{$/, '')}`))
    )
      continue;
    const lines = typedLines(entry.block.language, entry.block.lines);
    step.lines += lines;
    part.lines += lines;
  }
  close();
  closePart();
  return out;
}

/** Three questions at least, each with a command. */
function questionProblems(lesson: Lesson, language: Language): string[] {
  const names = PARTS[5]?.[language] ?? [];
  const all = headings(lesson);
  const at = all.findIndex(heading => names.some(name => heading.text.startsWith(name)));
  const start = all[at];
  if (start === undefined) return [];
  const end = all.slice(at + 1).find(heading => heading.level <= start.level)?.line ?? lesson.lines.length + 1;
  const questions: { line: number; text: string }[] = [];
  for (let line = start.line; line < end - 1; line++) {
    const text = lesson.lines[line] ?? '';
    if (/^(\d+\.\s+|[-*]\s+)?\*\*|^#{3,} |^\d+\.\s/.test(text)) questions.push({ line: line + 1, text });
    else {
      const last = questions.at(-1);
      if (last !== undefined) last.text += `\n${text}`;
    }
  }
  const out: string[] = [];
  if (questions.length < 3)
    out.push(`${lesson.place}:${start.line}: three to five questions are expected, there are ${questions.length}`);
  for (const question of questions) {
    if (/<!-- run:|```|`[^`]*\b(node|npm|npx|course)\b[^`]*`/.test(question.text)) continue;
    out.push(`${lesson.place}:${question.line}: this question has no command that shows the answer`);
  }
  return out;
}

/** Each section of the checkpoint is named in the lesson: its part turns it green. */
function unnamedSections({ chapter, language, lesson }: WovenLesson): string[] {
  if (!existsSync(chapter.checkpoint)) return [];
  const text = lesson.lines.join('\n');
  const sections = sectionsOf(readFileSync(chapter.checkpoint, 'utf8'));
  return sections.flatMap((name, index) => {
    const local = language === 'zh' ? chapter.sections.zh[chapter.sections.en.indexOf(name)] : undefined;
    const named = text.includes(name) || (local !== undefined && text.includes(local));
    const lonely = sections.length === 1 && index === 0;
    return named || lonely
      ? []
      : [`${lesson.place}: the checkpoint's section "${local ?? name}" is named nowhere in the lesson`];
  });
}

/** The names of the outermost `describe`s of a checkpoint. */
export function sectionsOf(test: string): string[] {
  return [...test.matchAll(/^describe(?:\.\w+)?\(\s*(['"`])(.*?)\1/gm)].map(match => match[2] ?? '');
}

const HTML =
  /^\/?(a|b|br|code|dd|details|div|dl|dt|em|i|img|kbd|li|ol|p|picture|source|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul)\b/i;

/** What the docs site's Vue templates would trip over. */
function proseProblems(lesson: Lesson): string[] {
  const out: string[] = [];
  for (const [index, line] of proseLines(lesson)) {
    const bare = line.replace(/`+[^`]*`+/g, '').replace(/<!--.*?-->/g, '');
    for (const tag of bare.matchAll(/<([^<>\s][^<>]*)>/g)) {
      const inner = tag[1] ?? '';
      if (!HTML.test(inner) && !/^(https?:|mailto:)/.test(inner))
        out.push(`${lesson.place}:${index + 1}: bare <${inner}> in prose; put it in backticks`);
    }
    if (/`[^`]*\{\{[^`]*`/.test(line))
      out.push(`${lesson.place}:${index + 1}: {{ in inline code; the docs site would evaluate it`);
  }
  return out;
}

/** Lines outside of fences, with their indexes. */
function proseLines(lesson: Lesson): [number, string][] {
  const out: [number, string][] = [];
  let ticks: string | undefined;
  for (const [index, line] of lesson.lines.entries()) {
    const fence = /^\s*(`{3,}|~{3,})(.*)$/.exec(line);
    if (ticks === undefined && fence !== null) ticks = fence[1];
    else if (ticks !== undefined) {
      if (fence !== null && (fence[1] ?? '').startsWith(ticks) && (fence[2] ?? '').trim() === '') ticks = undefined;
    } else out.push([index, line]);
  }
  return out;
}

function brokenLinks(course: Course, lesson: Lesson): string[] {
  const out: string[] = [];
  for (const [index, line] of proseLines(lesson)) {
    const prose = line.replace(/<!--.*?-->/g, '').replace(/`+[^`]*`+/g, '');
    for (const match of prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)) {
      const [path = '', anchor] = (match[1] ?? '').split('#');
      if (/^[a-z]+:/i.test(path)) continue;
      const file =
        path === '' ? join(course.root, lesson.place) : join(course.root, dirname(lesson.place), decodeURI(path));
      if (!existsSync(file)) out.push(`${lesson.place}:${index + 1}: the link ${match[1]} leads nowhere`);
      else if (anchor && file.endsWith('.md') && !anchorsOf(file).has(decodeURI(anchor))) {
        out.push(`${lesson.place}:${index + 1}: there is no heading for the link ${match[1]}`);
      }
    }
  }
  return out;
}

function anchorsOf(file: string): Set<string> {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => /^#{1,6} /.test(line));
  return new Set(lines.map(line => slug(line.replace(/^#+ /, ''))));
}

const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
