/**
 * `course hint [N]`: three levels for each section of a chapter, one more at each call: a nudge, the idea, the shape of
 * the code. Without a section it is about the first one that was red at the last check.
 */
import type { Hint } from '../catalog.ts';
import { sectionTitle } from './check-report.ts';
import { openCourse, wantChapter } from './course-book.ts';
import { renderMarkdown } from './lesson-view.ts';
import { chapterNumber, command, requireState, type Session, Stop } from './session.ts';
import { type LearnerState, writeState } from './state.ts';

export interface HintOptions {
  readonly chapter?: number;
  readonly section?: string;
  /** Show this level (1, 2 or 3) without counting on. */
  readonly level?: number;
}

const LEVELS = 3;

export function hint(session: Session, options: HintOptions): number {
  const { print, say, paint, lang } = session;
  const state = requireState(session);
  const course = openCourse(session);
  const chapter = wantChapter(session, course, options.chapter ?? state.chapter);
  const found = chooseHint(session, state, chapter.number, chapter.hints, options.section);
  if (found === undefined) throw new Stop(say('noHints', { n: chapterNumber(chapter.number) }), 0);
  const level = options.level ?? nextLevel(state, chapter.number, found.section);
  const shown = Math.min(Math.max(level, 1), LEVELS);
  remember(session, state, chapter.number, found.section, shown);
  const title = sectionTitle(session, chapter, found.section);
  print(
    `\n${paint.bold(say('hintTitle', { n: chapterNumber(chapter.number), section: title, level: shown, levels: LEVELS }))}\n`,
  );
  print(renderMarkdown(found.levels[lang][shown - 1] ?? '', session));
  print(
    `\n${paint.dim(
      shown < LEVELS
        ? say('hintMore', { command: command(session, hintWords(options)) })
        : say('hintLast', {
            solve: command(session, `solve ${chapter.number}`),
            diff: command(session, `diff ${chapter.number} me`),
          }),
    )}`,
  );
  tellOthers(session, chapter.hints, found, chapter.number);
  return 0;
}

const hintWords = ({ chapter, section }: HintOptions): string =>
  ['hint', chapter ?? '', section === undefined ? '' : `--section "${section}"`].filter(word => word !== '').join(' ');

function chooseHint(
  { say }: Session,
  state: LearnerState,
  number: number,
  hints: readonly Hint[],
  section?: string,
): Hint | undefined {
  if (section !== undefined) {
    const wanted = section.toLowerCase();
    const found = hints.find(
      (each, index) => each.section.toLowerCase().includes(wanted) || String(index + 1) === wanted,
    );
    if (found === undefined)
      throw new Stop(say('noSuchSection', { section, known: hints.map(each => each.section).join(', ') }));
    return found;
  }
  const red = number === state.chapter ? state.red : [];
  return hints.find(each => red.some(name => name === each.section || name.startsWith(each.section))) ?? hints[0];
}

const nextLevel = (state: LearnerState, number: number, section: string): number =>
  (state.hints[number]?.[section] ?? 0) + 1;

function remember(session: Session, state: LearnerState, number: number, section: string, level: number): void {
  state.hints[number] = { ...state.hints[number], [section]: Math.max(level, state.hints[number]?.[section] ?? 0) };
  writeState(session.folder, state);
}

function tellOthers(session: Session, hints: readonly Hint[], shown: Hint, number: number): void {
  const others = hints.flatMap((each, index) => (each === shown ? [] : [`${index + 1} ${each.section}`]));
  if (others.length === 0) return;
  session.print(
    session.paint.dim(
      session.say('hintOthers', {
        sections: others.join(' · '),
        command: command(session, `hint ${number} --section ${hints.findIndex(each => each !== shown) + 1}`),
      }),
    ),
  );
}
