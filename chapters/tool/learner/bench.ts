/**
 * `course bench [N]`: the learner's code beside the reference, drawn as bars, and a ledger of the learner's best.
 * A chapter's benchmark is `bench/main.ts`: a program that prints one JSON line per figure,
 * `{"name": "put, 100 bytes", "value": 123456, "unit": "ops/s"}`, for the folder in ZEROCASK_TARGET. More is better.
 */

import type { Chapter } from '../catalog.ts';
import { hasProgram, runProgram } from './chapter-program.ts';
import { openCourse, wantChapter } from './course-book.ts';
import { listed } from './language.ts';
import { chapterNumber, requireState, type Session, Stop } from './session.ts';
import { type LearnerState, writeState } from './state.ts';
import { bar, padEnd } from './terminal.ts';

export interface BenchOptions {
  readonly chapter?: number;
  readonly json?: boolean;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export async function bench(session: Session, options: BenchOptions): Promise<number> {
  const { print, say } = session;
  const state = requireState(session);
  const course = openCourse(session);
  const chapter = wantChapter(session, course, options.chapter ?? state.chapter);
  if (!hasProgram(chapter, 'bench')) {
    const others = course.chapters.filter(each => hasProgram(each, 'bench')).map(each => chapterNumber(each.number));
    const known = others.length === 0 ? say('noBenchYet') : say('benchesAre', { list: listed(session.lang, others) });
    throw new Stop(`${say('noBench', { n: chapterNumber(chapter.number) })} ${known}`, 0);
  }
  const { referenceTarget } = await import('../targets.ts');
  const reference = measure(session, chapter, referenceTarget(course, chapter.number));
  const mine = measure(session, chapter, session.folder);
  if (options.json) print(JSON.stringify({ chapter: chapter.number, mine, reference }, null, 2));
  else
    for (const figure of mine)
      printFigure(
        session,
        state,
        chapter.number,
        figure,
        reference.find(each => each.name === figure.name),
      );
  enter(state, chapter.number, mine);
  writeState(session.folder, state);
  return 0;
}

function measure({ say, lang }: Session, chapter: Chapter, target: string): Figure[] {
  const run = runProgram({ chapter, kind: 'bench', target, lang, capture: true });
  if (run.status !== 0) throw new Stop(say('benchFailed', { target }));
  return run.stdout
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Figure);
}

const ledgerKey = (chapter: number, name: string): string => `${chapterNumber(chapter)} ${name}`;

function enter(state: LearnerState, chapter: number, figures: readonly Figure[]): void {
  const at = new Date().toISOString();
  for (const { name, value, unit } of figures) {
    const key = ledgerKey(chapter, name);
    state.bench[key] = [...(state.bench[key] ?? []), { at, value, unit }].slice(-20);
  }
}

function printFigure(
  { print, paint, say }: Session,
  state: LearnerState,
  chapter: number,
  mine: Figure,
  reference: Figure | undefined,
): void {
  const most = Math.max(mine.value, reference?.value ?? 0);
  const line = (label: string, value: number) =>
    `  ${padEnd(label, 12)} ${bar(value, most, 32, paint)} ${Math.round(value).toLocaleString('en')} ${mine.unit}`;
  print(`\n${paint.bold(mine.name)}`);
  print(line(say('benchMine'), mine.value));
  if (reference !== undefined) print(line(say('benchReference'), reference.value));
  const before = state.bench[ledgerKey(chapter, mine.name)] ?? [];
  const best = Math.max(0, ...before.map(each => each.value));
  if (best > 0)
    print(
      paint.dim(
        say(mine.value > best ? 'benchBest' : 'benchBestWas', {
          value: Math.round(best).toLocaleString('en'),
          unit: mine.unit,
        }),
      ),
    );
}
