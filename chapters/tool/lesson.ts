/**
 * A lesson as the machine sees it: headings, and the three markers `code`, `remove` and `run` with the fences that belong to them.
 *
 *   <!-- code: PATH [names] -->  caption, one fence  <!-- /code -->      code that the reader types
 *   <!-- remove: PATH -->                                                a file that goes
 *   <!-- run: CMD -->            one fence                               what the command prints
 *
 * A fence outside of markers is a sketch: it is never typed, and a marker inside of it is no marker.
 * Invariants: (1) every problem names file and line; (2) replacing bodies leaves every other byte as it was.
 */
export interface Fence {
  /** Index of the opening line; the body lies between it and `close`. */
  readonly open: number;
  readonly close: number;
  readonly language: string;
  readonly body: readonly string[];
}

export interface CodeMarker {
  readonly kind: 'code';
  readonly line: number;
  readonly path: string;
  readonly names: readonly string[];
  readonly caption: string;
  readonly fence: Fence;
}

export interface RemoveMarker {
  readonly kind: 'remove';
  readonly line: number;
  readonly path: string;
}

export interface RunMarker {
  readonly kind: 'run';
  readonly line: number;
  readonly command: string;
  readonly fence: Fence;
}

export interface Heading {
  readonly kind: 'heading';
  readonly line: number;
  readonly level: number;
  readonly text: string;
}

export type Item = CodeMarker | RemoveMarker | RunMarker | Heading;

export interface Lesson {
  /** As messages name it, `chapters/03-x/README.md`. */
  readonly place: string;
  readonly lines: readonly string[];
  readonly items: readonly Item[];
}

const MARKER = /^\s*<!--\s*(\/?)(code|remove|run)\b:?\s*(.*?)\s*-->\s*$/;
/** A comment that looks like one of our markers and is none: a typing mistake that would lose a block. */
const NEARLY = /<!--\s*\/?\s*(code|remove|run)\b/;
const FENCE = /^(`{3,}|~{3,})([^`]*)$/;

/** Read a lesson; mistakes in its markers go to `problems`. */
export function parseLesson(text: string, place: string, problems: string[]): Lesson {
  return new Parser(text, place, problems).run();
}

/** The fence around `body`: longer than any run of backticks in it. */
export function fenced(language: string, body: readonly string[]): string[] {
  const runs = body.join('\n').match(/`{3,}/g) ?? [];
  const ticks = '`'.repeat(Math.max(3, ...runs.map(run => run.length + 1)));
  return [ticks + language, ...body, ticks];
}

/** The lesson with other fences; those that `bodies` does not name stay. */
export function replaceFences(lesson: Lesson, bodies: ReadonlyMap<Fence, readonly string[]>): string {
  const lines = [...lesson.lines];
  for (const [fence, body] of [...bodies].sort(([a], [b]) => b.open - a.open)) {
    lines.splice(fence.open, fence.close - fence.open + 1, ...body);
  }
  return lines.join('\n');
}

class Parser {
  readonly place: string;
  readonly problems: string[];
  readonly lines: string[];
  readonly items: Item[] = [];

  constructor(text: string, place: string, problems: string[]) {
    this.place = place;
    this.problems = problems;
    this.lines = text.split('\n');
  }

  run(): Lesson {
    for (let at = 0; at < this.lines.length; at++) at = this.#line(at);
    return { place: this.place, lines: this.lines, items: this.items };
  }

  /** Take the item that begins at this line; the index of its last line. */
  #line(at: number): number {
    const line = this.lines[at] ?? '';
    const fence = this.#fenceAt(at);
    if (fence !== undefined) return fence.close;
    const heading = /^(#{1,6}) +(.*?)\s*$/.exec(line);
    if (heading !== null) {
      this.items.push({ kind: 'heading', line: at + 1, level: heading[1]?.length ?? 1, text: heading[2] ?? '' });
    }
    const marker = MARKER.exec(line);
    if (marker === null) {
      if (NEARLY.test(line))
        this.#problem(at, 'a marker has to stand on a line of its own: <!-- code: PATH [names] -->');
      return at;
    }
    const [, slash, kind = '', rest = ''] = marker;
    if (slash === '/') {
      this.#problem(at, `<!-- /${kind} --> closes nothing: its opening marker is lost`);
      return at;
    }
    if (rest === '') {
      this.#problem(at, `<!-- ${kind}: --> says nothing after the colon`);
      return at;
    }
    if (kind === 'code') return this.#code(at, rest);
    if (kind === 'run') return this.#run(at, rest);
    this.items.push({ kind: 'remove', line: at + 1, path: rest });
    return at;
  }

  #code(at: number, rest: string): number {
    const [path = '', ...names] = rest.replace(/\s\[(.*)\]$/, ' $1').split(/[\s,]+/);
    let fence: Fence | undefined;
    let fences = 0;
    for (let i = at + 1; i < this.lines.length; i++) {
      const here = this.#fenceAt(i);
      if (here !== undefined) {
        fence ??= here;
        fences++;
        i = here.close;
        continue;
      }
      const marker = MARKER.exec(this.lines[i] ?? '');
      if (marker === null) continue;
      if (marker[1] !== '/' || marker[2] !== 'code') break;
      if (fences !== 1) this.#problem(at, `the block of ${path} has ${fences} fences instead of one`);
      if (fence !== undefined) {
        const caption = this.lines
          .slice(at + 1, fence.open)
          .join('\n')
          .trim();
        this.items.push({ kind: 'code', line: at + 1, path, names: names.filter(n => n !== ''), caption, fence });
      }
      return i;
    }
    this.#problem(at, `the block of ${path} is not closed: its <!-- /code --> is lost`);
    return fence?.close ?? at;
  }

  #run(at: number, command: string): number {
    let next = at + 1;
    while ((this.lines[next] ?? '').trim() === '' && next < this.lines.length) next++;
    const fence = this.#fenceAt(next);
    if (fence === undefined) {
      this.#problem(at, `no fence follows <!-- run: ${command} -->`);
      return at;
    }
    this.items.push({ kind: 'run', line: at + 1, command, fence });
    let end = fence.close + 1;
    while ((this.lines[end] ?? '').trim() === '' && end < this.lines.length) end++;
    return /^\s*<!--\s*\/run\s*-->\s*$/.test(this.lines[end] ?? '') ? end : fence.close;
  }

  #fenceAt(at: number): Fence | undefined {
    const line = this.lines[at] ?? '';
    const opening = FENCE.exec(line.trimStart());
    if (opening === null) return undefined;
    const [, ticks = '', info = ''] = opening;
    const closing = new RegExp(`^\\s*${ticks[0]}{${ticks.length},}\\s*$`);
    const close = this.lines.findIndex((candidate, index) => index > at && closing.test(candidate));
    if (close < 0) this.#problem(at, 'this fence is not closed');
    const end = close < 0 ? this.lines.length - 1 : close;
    return { open: at, close: end, language: info.trim(), body: this.lines.slice(at + 1, end) };
  }

  #problem(at: number, message: string): void {
    const problem = `${this.place}:${at + 1}: ${message}`;
    if (!this.problems.includes(problem)) this.problems.push(problem);
  }
}
