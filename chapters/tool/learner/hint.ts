/**
 * `course hint [N]`: three levels for each section of a chapter, one more at each call: a nudge, the idea, the shape of
 * the code. Without a section it is about the first one that was red at the last check.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Chapter, Hint } from '../catalog.ts';
import { chooseSection, sectionTitle } from './check-report.ts';
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
  const isGreen = state.passed[chapter.number] !== undefined && state.red[chapter.number] === undefined;
  if (isGreen && options.section === undefined && options.level === undefined && chapter.hints.length > 0) {
    const again = command(session, `hint ${chapter.number} --section 1`);
    throw new Stop(say('hintGreen', { n: chapterNumber(chapter.number), command: again }), 0);
  }
  const found = chooseHint(session, state, chapter, options.section);
  if (found === undefined) throw new Stop(say('noHints', { n: chapterNumber(chapter.number) }), 0);
  const level = options.level ?? nextLevel(state, chapter.number, found.section);
  const shown = Math.min(Math.max(level, 1), LEVELS);
  remember(session, state, chapter.number, found.section, shown);
  const title = sectionTitle(session, chapter, found.section);
  if (options.section === undefined && isStale(session, state))
    print(paint.dim(say('hintStale', { check: command(session, 'check') })));
  print(
    `\n${paint.bold(say('hintTitle', { n: chapterNumber(chapter.number), section: title, level: shown, levels: LEVELS }))}\n`,
  );
  const text = found.levels[lang][shown - 1] ?? '';
  print(renderMarkdown(state.code === 'js' ? namesInJavaScript(text) : text, session));
  print(
    `\n${paint.dim(
      shown < LEVELS
        ? say('hintMore', { command: command(session, hintWords(options)) })
        : say('hintLast', {
            solve: command(
              session,
              `solve ${chapter.number}${state.passed[chapter.number] === undefined ? ' --force' : ''}`,
            ),
            diff: command(session, `diff ${chapter.number} me`),
          }),
    )}`,
  );
  tellOthers(session, chapter, found);
  return 0;
}

/** Whether a file of the learner's has changed since the check that says what is red. */
function isStale({ folder }: Session, { checkedAt }: LearnerState): boolean {
  if (checkedAt === undefined) return false;
  const checkedAtMs = Date.parse(checkedAt);
  return ['engine', 'redis-compat', 'sketch']
    .filter(name => existsSync(join(folder, name)))
    .flatMap(name => readdirSync(join(folder, name), { recursive: true, withFileTypes: true }))
    .some(entry => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > checkedAtMs);
}

// Hints are prose: only the names of files differ.
const namesInJavaScript = (text: string): string => text.replace(/\b([\w-]+)\.ts\b/g, '$1.js');

const hintWords = ({ chapter, section }: HintOptions): string =>
  ['hint', chapter ?? '', section === undefined ? '' : `--section "${section}"`].filter(word => word !== '').join(' ');

/** The hint for the asked section, else for the first one that was red at the chapter's last check, else the first. */
function chooseHint(session: Session, state: LearnerState, chapter: Chapter, section?: string): Hint | undefined {
  const { hints } = chapter;
  if (section !== undefined) {
    const names = hints.map(each => each.section);
    return hints[chooseSection(session, chapter, names, section)];
  }
  for (const red of state.red[chapter.number] ?? []) {
    const found = hints.find(each => red === each.section || red.startsWith(each.section));
    if (found !== undefined) return found;
  }
  return hints[0];
}

const nextLevel = (state: LearnerState, number: number, section: string): number =>
  (state.hints[number]?.[section] ?? 0) + 1;

function remember(session: Session, state: LearnerState, number: number, section: string, level: number): void {
  state.hints[number] = { ...state.hints[number], [section]: Math.max(level, state.hints[number]?.[section] ?? 0) };
  writeState(session.folder, state);
}

function tellOthers(session: Session, chapter: Chapter, shown: Hint): void {
  const { hints, number } = chapter;
  const others = hints.flatMap((each, index) =>
    each === shown ? [] : [`${index + 1} ${sectionTitle(session, chapter, each.section)}`],
  );
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
