/**
 * A lesson cut into what a learner does one after the other: read some prose, type a block, remove a file. Pure.
 * The markers are those of the lesson's format: `<!-- code: PATH [names] -->` caption, one fence, `<!-- /code -->`.
 */
export type LessonStep =
  | { readonly kind: 'prose'; readonly text: string }
  | {
      readonly kind: 'block';
      readonly path: string;
      readonly names: readonly string[];
      readonly caption: string;
      readonly language: string;
      readonly code: string;
    }
  | { readonly kind: 'remove'; readonly path: string };

const OPEN = /^<!--\s*code:\s*(\S+)\s*(.*?)\s*-->$/;
const CLOSE = /^<!--\s*\/code\s*-->$/;
const REMOVE = /^<!--\s*remove:\s*(\S+)\s*-->$/;
const FENCE = /^(`{3,})(\w*)\s*$/;

export function lessonSteps(markdown: string): LessonStep[] {
  const steps: LessonStep[] = [];
  let prose: string[] = [];
  const flush = (): void => {
    const text = prose.join('\n').trim();
    if (text !== '') steps.push({ kind: 'prose', text });
    prose = [];
  };
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const open = OPEN.exec(line);
    const remove = REMOVE.exec(line);
    if (open !== null) {
      flush();
      const end = lines.findIndex((each, index) => index > at && CLOSE.test(each));
      const last = end < 0 ? lines.length : end;
      steps.push(blockOf(open[1]!, open[2] ?? '', lines.slice(at + 1, last)));
      at = last;
    } else if (remove !== null) {
      flush();
      steps.push({ kind: 'remove', path: remove[1]! });
    } else {
      if (/^#{1,3} /.test(line)) flush(); // a section is a breath
      prose.push(line);
    }
  }
  flush();
  return steps;
}

function blockOf(path: string, names: string, lines: readonly string[]): LessonStep {
  const from = lines.findIndex(line => FENCE.test(line));
  const [, fence = '```', language = ''] = FENCE.exec(lines[from] ?? '') ?? [];
  const to = lines.findIndex((line, index) => index > from && line.trim() === fence);
  return {
    kind: 'block',
    path,
    names: names
      .replace(/^\[|\]$/g, '')
      .split(/[\s,]+/)
      .filter(name => name !== ''),
    caption: lines.slice(0, Math.max(from, 0)).join('\n').trim(),
    language,
    code: from < 0 ? '' : lines.slice(from + 1, to < 0 ? undefined : to).join('\n'),
  };
}

/** How many blocks a lesson has its reader type. */
export const blockCount = (steps: readonly LessonStep[]): number => steps.filter(step => step.kind === 'block').length;
