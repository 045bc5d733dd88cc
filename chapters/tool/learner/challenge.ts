/**
 * `course challenge N NAME`: one of the chapter's extra tasks, tested on the learner's folder as often as one likes.
 * Nothing waits for it and nothing is remembered. Without a name it lists what there is.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chapter } from '../catalog.ts';
import {
  brokenLines,
  type ChapterReport,
  emptyLines,
  failureLines,
  isGreen,
  missingLines,
  sentenceLines,
} from './check-report.ts';
import { runCheckpoints } from './check-run.ts';
import { learnersPath, lessonFile, openCourse, wantChapter } from './course-book.ts';
import { courseImports, type MissingPart, missingPart } from './exports.ts';
import { listed } from './language.ts';
import { readText } from './lay-out.ts';
import { chapterNumber, command, requireState, type Session, Stop } from './session.ts';
import type { CodeLanguage } from './state.ts';
import { padEnd } from './terminal.ts';

export interface ChallengeOptions {
  readonly chapter?: number;
  readonly name?: string;
}

const SUFFIX = '.test.ts';

export async function challenge(session: Session, options: ChallengeOptions): Promise<number> {
  const { print, say, paint } = session;
  const state = requireState(session);
  const chapter = wantChapter(session, openCourse(session), options.chapter ?? state.chapter);
  const names = challengesOf(chapter);
  if (options.name === undefined) return list(session, chapter, names);
  const name = names.find(each => each === options.name);
  if (name === undefined)
    throw new Stop(say('noSuchChallenge', { name: options.name, known: listed(session.lang, names) || '-' }));
  const checkpoint = join(chapter.dir, 'challenges', `${name}${SUFFIX}`);
  const chapters = [{ number: chapter.number, checkpoint }];
  const outcome = await runCheckpoints({ folder: session.folder, code: state.code, chapters });
  const report: ChapterReport = {
    chapter: { ...chapter, checkpoint, greenAtStart: [] },
    outcome,
    missing: missingImports(session, checkpoint, state.code),
    passedBefore: undefined,
    inHand: true,
  };
  for (const line of sentenceLines(session, outcome.tests, '  ')) print(line);
  if (isGreen(report)) {
    print(`\n${paint.green(say('challengeDone', { name }))}`);
    return 0;
  }
  print();
  for (const line of [...missingLines(session, report.missing), ...emptyLines(session, report)]) print(line);
  for (const { failures } of outcome.broken)
    for (const each of failures) brokenLines(session, each).forEach(line => void print(line));
  const [first] = outcome.tests.filter(test => test.state === 'failed');
  if (first !== undefined && report.missing.length === 0)
    for (const line of failureLines(session, report, first)) print(line);
  return 1;
}

/** The names of a chapter's challenges. */
export function challengesOf({ dir }: Chapter): string[] {
  const folder = join(dir, 'challenges');
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  return files.filter(name => name.endsWith(SUFFIX)).map(name => name.slice(0, -SUFFIX.length));
}

function list(session: Session, chapter: Chapter, names: readonly string[]): number {
  const { print, say, paint } = session;
  const n = chapterNumber(chapter.number);
  if (names.length === 0) print(say('noChallenges', { n }));
  else print(say('challengesAre', { n }));
  const width = Math.max(0, ...names.map(name => name.length));
  for (const name of names) {
    print(`  ${paint.bold(padEnd(name, width))}  ${titleOf(session, chapter, name)}`.trimEnd());
    print(`  ${' '.repeat(width)}  ${paint.dim(command(session, `challenge ${chapter.number} ${name}`))}`);
  }
  return 0;
}

/**
 * What the challenge is about, in the learner's language: the bold words with which the lesson's list of challenges begins
 * its entry, else the first line of the test.
 */
function titleOf(session: Session, chapter: Chapter, name: string): string {
  const lesson = lessonFile(session, chapter);
  const entries = existsSync(lesson) ? readText(lesson).split(/^(?=\d+[.)] |[-*] |#)/m) : [];
  const entry = entries.find(text => new RegExp(`challenge ${chapter.number} ${name}\\b(?!-)`).test(text));
  const bold = /^\S+ \*\*(.+?)[.。：:]?\*\*/.exec(entry ?? '')?.[1];
  const test = readText(join(chapter.dir, 'challenges', `${name}${SUFFIX}`));
  return bold ?? /^\/\*\* (?:Challenge: )?(.*?)[.]?(?: \*\/)?$/m.exec(test)?.[1] ?? '';
}

/** What the challenge's test imports and the folder does not have. */
function missingImports({ folder }: Session, test: string, code: CodeLanguage): MissingPart[] {
  return courseImports(readFileSync(test, 'utf8')).flatMap(({ path, names }): MissingPart[] => {
    const mine = learnersPath(path, code);
    const file = join(folder, mine);
    const part = missingPart(mine, existsSync(file) ? readFileSync(file, 'utf8') : undefined, names);
    return part === undefined ? [] : [part];
  });
}
