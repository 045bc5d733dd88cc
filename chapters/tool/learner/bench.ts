/**
 * `course bench [N]`: the learner's code beside the reference, drawn as bars, and a ledger of the learner's best.
 * A chapter's benchmark is `bench/main.ts`: a program that prints one JSON line per figure,
 * `{"name": "put, 100 bytes", "value": 123456, "unit": "ops/s"}`, for the folder in ZEROCASK_TARGET. More is better.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Chapter } from '../catalog.ts';
import { isWritten, openCourse, wantChapter } from './course-book.ts';
import { programRoot } from './places.ts';
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
  const program = programOf(chapter);
  if (program === undefined) {
    const others = course.chapters.filter(isWritten).filter(each => programOf(each) !== undefined);
    const known =
      others.length === 0
        ? say('noBenchYet')
        : say('benchesAre', { list: others.map(each => chapterNumber(each.number)).join(', ') });
    throw new Stop(`${say('noBench', { n: chapterNumber(chapter.number) })} ${known}`, 0);
  }
  const { referenceTarget } = await import('../targets.ts');
  const reference = measure(session, program, referenceTarget(course, chapter.number));
  const mine = measure(session, program, session.folder);
  if (options.json) print(JSON.stringify({ chapter: chapter.number, mine, reference }, null, 2));
  else
    for (const figure of mine)
      printFigure(
        session,
        state,
        figure,
        reference.find(each => each.name === figure.name),
      );
  enter(state, chapter.number, mine);
  writeState(session.folder, state);
  return 0;
}

const programOf = ({ dir }: Chapter): string | undefined => [join(dir, 'bench', 'main.ts')].find(existsSync);

// Not under tsx: its helpers slow down small functions (it wraps each of them).
function measure({ say }: Session, program: string, target: string): Figure[] {
  const loader = pathToFileURL(join(programRoot, 'node_modules/ts-blank-space/loader/register.js')).href;
  const run = spawnSync(process.execPath, ['--import', loader, program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: target,
    env: { ...process.env, ZEROCASK_TARGET: target },
  });
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
  mine: Figure,
  reference: Figure | undefined,
): void {
  const most = Math.max(mine.value, reference?.value ?? 0);
  const line = (label: string, value: number) =>
    `  ${padEnd(label, 12)} ${bar(value, most, 32, paint)} ${Math.round(value).toLocaleString('en')} ${mine.unit}`;
  print(`\n${paint.bold(mine.name)}`);
  print(line(say('benchMine'), mine.value));
  if (reference !== undefined) print(line(say('benchReference'), reference.value));
  const before = state.bench[ledgerKey(state.chapter, mine.name)] ?? [];
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
