/**
 * `course watch`: checks again on every save. Keys where there is a terminal, the same letters as lines where there is
 * none: h hint, d diff, s solution, n next, b bench (in a chapter that has one), Enter check, q quit.
 */
import { relative } from 'node:path';
import { bench } from './bench.ts';
import { hasProgram } from './chapter-program.ts';
import { check } from './check.ts';
import { openCourse } from './course-book.ts';
import { diff } from './diff.ts';
import { hint } from './hint.ts';
import { home } from './home.ts';
import { keysFrom, QUIT } from './keys.ts';
import { requireState, type Session, Stop } from './session.ts';
import { solve } from './solve.ts';
import { start } from './start.ts';

/** Saves that come together (an editor's rename, a formatter) are one. */
const QUIET_MS = 120;

export async function watch(session: Session): Promise<number> {
  const { print, say, paint, folder } = session;
  requireState(session);
  const { watch: watchFiles } = await import('chokidar');
  const watcher = watchFiles(folder, {
    ignoreInitial: true,
    ignored: path => !isCode(relative(folder, path)),
  });
  const keys = keysFrom(process.stdin);
  const queue = new Queue(async (word: string) => {
    if (session.interactive && word === CHECK) print('\u001b[2J\u001b[H');
    await attempt(session, word);
    print(paint.dim(say('watchKeys', { bench: hasBench(session) ? say('watchBench') : '' })));
  });
  let timer: NodeJS.Timeout | undefined;
  watcher.on('all', () => {
    clearTimeout(timer);
    timer = setTimeout(() => queue.add(CHECK), QUIET_MS);
  });
  watcher.on('error', error => print(String(error)));
  queue.add(CHECK);
  for (let key = await keys.next(); key !== 'q' && key !== QUIT; key = await keys.next()) {
    if (key === 'enter' || key === 'c') queue.add(CHECK);
    else if (WORDS[key] !== undefined) queue.add(key);
  }
  await queue.idle();
  clearTimeout(timer);
  keys.close();
  print(say('watchEnds'));
  return 0;
}

const CHECK = 'enter';

// The folders of code, whether they exist yet or not; what a check writes itself (state, links) is no reason to check.
const isCode = (path: string): boolean => path === '' || /^(engine|redis-compat|sketch)([\\/]|$)/.test(path);

const WORDS: Record<string, (session: Session) => number | Promise<number>> = {
  [CHECK]: session => check(session, {}),
  h: session => hint(session, {}),
  d: session => diff(session, { mine: true }),
  s: session => solve(session, { print: true }),
  n: session => start(session, {}),
  b: session => bench(session, {}),
  p: session => home(session),
};

/** A chapter that can be measured: only then is there a key for it. */
function hasBench(session: Session): boolean {
  const { chapter } = requireState(session);
  return openCourse(session).chapters.some(each => each.number === chapter && hasProgram(each, 'bench'));
}

async function attempt(session: Session, word: string): Promise<void> {
  try {
    await WORDS[word]?.(session);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    session.print(error.message);
  }
}

/** One thing at a time; a check that already waits is not queued twice. */
class Queue {
  readonly #run: (word: string) => Promise<void>;
  readonly #words: string[] = [];
  #running: Promise<void> | undefined;

  constructor(run: (word: string) => Promise<void>) {
    this.#run = run;
  }

  add(word: string): void {
    if (!this.#words.includes(word)) this.#words.push(word);
    this.#running ??= this.#drain();
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #drain(): Promise<void> {
    for (let word = this.#words.shift(); word !== undefined; word = this.#words.shift()) await this.#run(word);
    this.#running = undefined;
  }
}
