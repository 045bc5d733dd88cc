/**
 * A lesson cut into what a learner does one after the other: read some prose, type a block, remove a file. Pure.
 */
import { type Item, parseLesson } from '../lesson.ts';

export interface BlockStep {
  readonly kind: 'block';
  readonly path: string;
  readonly caption: string;
  readonly language: string;
  readonly lines: readonly string[];
}

export type LessonStep =
  | { readonly kind: 'prose'; readonly text: string }
  | { readonly kind: 'remove'; readonly path: string }
  | BlockStep;

type Cut = Exclude<Item, { kind: 'run' }>;

/** Mistakes in the markers are the authors' to mend (`course prove` finds them); here the rest is shown all the same. */
export function lessonSteps(markdown: string): LessonStep[] {
  const { items, lines } = parseLesson(markdown, '', []);
  const steps: LessonStep[] = [];
  let at = 0;
  const proseUntil = (end: number): void => {
    const text = lines.slice(at, end).join('\n').trim();
    if (text !== '') steps.push({ kind: 'prose', text });
    at = end;
  };
  for (const item of items) {
    if (item.kind === 'run' || (item.kind === 'heading' && item.level > 3)) continue;
    proseUntil(item.line - 1);
    const step = stepOf(item);
    if (step === undefined) continue;
    steps.push(step);
    at = item.kind === 'code' ? lineAfterMarker(lines, item.fence.close) : item.line;
  }
  proseUntil(lines.length);
  return steps;
}

function stepOf(item: Cut): LessonStep | undefined {
  if (item.kind === 'heading') return undefined;
  if (item.kind === 'remove') return { kind: 'remove', path: item.path };
  const { path, caption, fence } = item;
  return { kind: 'block', path, caption, language: fence.language, lines: fence.body };
}

/** The line after `<!-- /code -->`. */
function lineAfterMarker(lines: readonly string[], from: number): number {
  const close = lines.findIndex((line, index) => index > from && /^\s*<!--\s*\/code\b/.test(line));
  return (close < 0 ? from : close) + 1;
}

/** How many blocks a lesson has its reader type. */
export const blockCount = (steps: readonly LessonStep[]): number => steps.filter(step => step.kind === 'block').length;
