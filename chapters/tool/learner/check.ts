/**
 * `course check`: the checkpoints of a chapter and of all before it, on the learner's folder. Green is remembered,
 * committed, and opens the next chapter; red is told in detail, newest chapter's first cause first.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chapter, Course } from '../catalog.ts';
import { hasProgram } from './chapter-program.ts';
import type { CheckOutcome, TestOutcome } from './check-outcome.ts';
import {
  brokenLines,
  type ChapterReport,
  chapterLines,
  chooseSection,
  emptyLines,
  failureLines,
  fullName,
  isGreen,
  isUnwritten,
  missingLines,
  onlyWaits,
  reasonLines,
  reasonOf,
} from './check-report.ts';
import { runCheckpoints } from './check-run.ts';
import {
  hasCheckpoint,
  isWritten,
  learnersPath,
  lessonFile,
  nextChapter,
  openCourse,
  wantChapter,
} from './course-book.ts';
import { exportsOf, type MissingPart, missingPart } from './exports.ts';
import { commitAll, hasRepository } from './git.ts';
import { linkMembers } from './lay-out.ts';
import { shortPath } from './places.ts';
import { prepareChapter } from './prepare.ts';
import { needsOf } from './section-needs.ts';
import { chapterNumber, command, requireState, type Session, Stop, timeOf } from './session.ts';
import { type CodeLanguage, type LearnerState, writeState } from './state.ts';
import { isUnnamedSyntaxError, syntaxErrors } from './syntax-errors.ts';

export interface CheckOptions {
  readonly chapter?: number;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
  /** Only this section of the chapter, by its name or its number. */
  readonly section?: string;
}

export interface CheckResult {
  readonly green: boolean;
  readonly chapter: Chapter;
  readonly reports: readonly ChapterReport[];
  /** Chapters that were red in a first run and green in a second. */
  readonly lucky: readonly Chapter[];
  readonly milliseconds: number;
}

/** How many failures are told whole; the rest are counted. */
const TOLD = 3;

export async function check(session: Session, options: CheckOptions): Promise<number> {
  const course = openCourse(session);
  const result = await runCheck(session, course, options);
  if (options.json) session.print(JSON.stringify(toJson(result), null, 2));
  else tell(session, result, options.verbose === true);
  if (options.section !== undefined) return result.green ? 0 : 1; // A part of a chapter opens nothing.
  const state = requireState(session);
  const opened = remember(session, course, state, result);
  const speaker = options.json ? { ...session, print: () => {} } : session;
  if (result.green) await celebrate(speaker, course, result, opened);
  else tellNext(speaker, result);
  return result.green ? 0 : 1;
}

export async function runCheck(session: Session, course: Course, options: CheckOptions): Promise<CheckResult> {
  const started = performance.now();
  const state = requireState(session);
  const written = course.chapters.filter(hasCheckpoint);
  const last = options.all ? written.at(-1)?.number : (options.chapter ?? state.chapter);
  const chapter = wantChapter(session, course, last ?? 0);
  if (!hasCheckpoint(chapter)) throw new Stop(session.say('checkpointComing', { n: chapterNumber(chapter.number) }));
  linkMembers(session, state);
  const section = options.section === undefined ? undefined : sectionOf(session, chapter, options.section);
  const chapters = section === undefined ? written.filter(each => each.number <= chapter.number) : [chapter];
  const run = async (some: readonly Chapter[]): Promise<ChapterReport[]> => {
    const wanted = { folder: session.folder, code: state.code, chapters: some };
    const outcome = await runCheckpoints(section === undefined ? wanted : { ...wanted, section });
    return some.map(each => reportOf(session, state, each, outcome));
  };
  const first = await run(chapters);
  const surprises = first.filter(isSurprise).map(report => report.chapter);
  const again = surprises.length === 0 ? [] : await run(surprises); // A run costs its start even without tests.
  const reports = first.map(report => again.find(each => each.chapter === report.chapter && isGreen(each)) ?? report);
  const lucky = reports.filter(report => !first.includes(report)).map(report => report.chapter);
  return { green: reports.every(isGreen), chapter, reports, lucky, milliseconds: performance.now() - started };
}

/** A chapter that was green and is behind the learner is red: before somebody looks for his mistake it is run once more. */
const isSurprise = (report: ChapterReport): boolean =>
  !isGreen(report) && report.passedBefore !== undefined && !report.inHand;

function sectionOf(session: Session, chapter: Chapter, wanted: string): string {
  const { en } = chapter.sections;
  return en[chooseSection(session, chapter, en, wanted)]!;
}

function reportOf(session: Session, state: LearnerState, chapter: Chapter, outcome: CheckOutcome): ChapterReport {
  const mine = <T extends { chapter: number }>(all: readonly T[]): T[] =>
    all.filter(each => each.chapter === chapter.number);
  return {
    chapter,
    outcome: { tests: mine(outcome.tests), broken: outcome.broken.filter(each => each.chapter === chapter.number) },
    missing: missingParts(session, chapter, state.code),
    passedBefore: state.passed[chapter.number],
    inHand: chapter.number >= state.chapter,
  };
}

/** What the chapter's contract asks for and the folder does not have. */
export function missingParts(session: Session, chapter: Chapter, code: CodeLanguage): MissingPart[] {
  return [...chapter.contract].flatMap(([path, names]): MissingPart[] => {
    const file = join(session.folder, learnersPath(path, code));
    const wanted = code === 'js' ? names.filter(name => !isType(referenceOf(session, chapter, path), name)) : names;
    if (code === 'js' && wanted.length === 0) return [];
    const source = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    const reference = referenceOf(session, chapter, path);
    const known = existsSync(reference) ? exportsOf(readFileSync(reference, 'utf8')).names : [];
    const part = missingPart(learnersPath(path, code), source, wanted, known);
    return part === undefined ? [] : [part];
  });
}

const referenceOf = ({ courseRoot }: Session, { dir }: Chapter, path: string): string =>
  join(path.startsWith('sketch/') ? dir : courseRoot, path);

// Types leave no trace in JavaScript, so nobody can be asked to export them there.
const isType = (reference: string, name: string): boolean =>
  existsSync(reference) && new RegExp(`^export (interface|type) ${name}\\b`, 'm').test(readFileSync(reference, 'utf8'));

function tell(session: Session, result: CheckResult, verbose: boolean): void {
  const { print, say, paint } = session;
  for (const report of result.reports) for (const line of chapterLines(session, report, true)) print(line);
  for (const { number } of result.lucky) print(paint.dim(say('secondRun', { n: chapterNumber(number) })));
  const red = result.reports.filter(report => !isGreen(report));
  if (red.length === 0) return;
  print();
  let told = 0;
  let untold = 0;
  for (const report of red) {
    const empty = emptyLines(session, report);
    const toWrite = [...missingLines(session, report.missing), ...empty];
    for (const line of toWrite) print(line);
    if (toWrite.length > 0 && report.passedBefore === undefined && empty.length === 0 && !isUnwritten(report.missing)) {
      print();
    } else if (toWrite.length > 0) {
      const key = report.passedBefore === undefined ? 'redNotWritten' : 'redWasGreen';
      print(`  ${paint.dim(say(key, { date: (report.passedBefore ?? '').slice(0, 10) }))}\n`);
    }
    for (const broken of report.outcome.broken) {
      const named = broken.failures.some(isUnnamedSyntaxError) ? syntaxErrors(session.folder) : [];
      for (const failure of named.length > 0 ? named : broken.failures)
        for (const line of brokenLines(session, failure)) print(line);
      print();
    }
    const failed = worthTelling(report, verbose);
    const shown = verbose ? failed : failed.slice(0, Math.max(0, TOLD - told));
    for (const test of shown) {
      for (const line of failureLines(session, report, test)) print(line);
      print();
    }
    told += shown.length;
    untold += failed.length - shown.length;
    for (const line of reasonLines(session, report, shown)) print(line);
  }
  if (untold > 0) print(paint.dim(say('moreRed', { count: untold, command: command(session, 'check --verbose') })));
}

// What only waits for code is listed by name above, and need not be told test by test.
function worthTelling(report: ChapterReport, verbose: boolean): TestOutcome[] {
  const failed = report.outcome.tests.filter(test => test.state === 'failed');
  if (verbose) return failed;
  const missing = new Set(report.missing.flatMap(({ path, names }) => names.map(name => `${stem(path)}#${name}`)));
  const needs = needsOf(readFileSync(report.chapter.checkpoint, 'utf8'));
  const waits = (test: TestOutcome): boolean =>
    missing.size > 0 && [...needs(test.section, test.name)].some(id => missing.has(id.replace(/^[^#]*/, stem)));
  return failed.filter(test => !onlyWaits(test) && !waits(test));
}

// A checkpoint names the TypeScript file, a JavaScript folder has its twin.
const stem = (path: string): string => path.replace(/\.[tj]s$/, '');

/** Writes what this check showed into the state; returns the chapter that it opened. */
function remember(session: Session, course: Course, state: LearnerState, result: CheckResult): Chapter | undefined {
  const now = new Date().toISOString();
  state.checkedAt = now;
  for (const report of result.reports) if (isGreen(report)) state.passed[report.chapter.number] ??= now;
  for (const report of result.reports) {
    if (isGreen(report)) delete state.red[report.chapter.number];
    else state.red[report.chapter.number] = redSections(report);
  }
  const done = result.green && result.chapter.number >= state.chapter;
  const next = done ? nextChapter(course, result.chapter.number) : undefined;
  const opened = next !== undefined && isWritten(next) ? next : undefined;
  writeState(session.folder, state);
  return opened;
}

const redSections = ({ outcome }: ChapterReport): string[] => [
  ...new Set(outcome.tests.filter(test => test.state === 'failed').map(test => test.section)),
];

async function celebrate(
  session: Session,
  course: Course,
  result: CheckResult,
  opened: Chapter | undefined,
): Promise<void> {
  const { print, say, paint } = session;
  const tests = result.reports.flatMap(report => report.outcome.tests).length;
  const seconds = (result.milliseconds / 1000).toFixed(1);
  print(`\n${paint.green(paint.bold(say('allGreen', { n: chapterNumber(result.chapter.number), tests, seconds })))}`);
  const title = `chapter ${chapterNumber(result.chapter.number)}: ${result.chapter.title.en}`;
  const state = requireState(session);
  const isInHand = result.chapter.number >= state.chapter;
  // What opens the next chapter goes into the same commit, so that the learner's repository is clean afterwards.
  const prepared = opened === undefined ? [] : await open(session, course, state, opened);
  // One commit for a chapter, not one for every check.
  const isFirst = result.reports.some(each => each.chapter === result.chapter && each.passedBefore === undefined);
  if (isInHand && (isFirst || opened !== undefined) && commitAll(session.folder, title) === 'committed')
    print(paint.dim(say('committed', { title })));
  if (isInHand && hasProgram(result.chapter, 'lab'))
    print(say('labNext', { command: command(session, `lab ${result.chapter.number}`) }));
  if (opened === undefined) {
    print(isInHand ? say('endOfRoad') : say('backTo', { n: chapterNumber(state.chapter) }));
    return;
  }
  print(
    `\n${say('chapterOpens', { n: chapterNumber(opened.number), title: opened.title[session.lang], time: timeOf(session, opened) })}`,
  );
  for (const line of prepared) print(line);
  print(
    say('readHere', {
      file: shortPath(lessonFile(session, opened)),
      command: command(session, `read ${opened.number}`),
    }),
  );
}

async function open(session: Session, course: Course, state: LearnerState, chapter: Chapter): Promise<string[]> {
  state.chapter = chapter.number;
  const lines = await prepareChapter(session, course, state, chapter);
  writeState(session.folder, state);
  return lines;
}

function tellNext(session: Session, { reports, chapter, milliseconds }: CheckResult): void {
  const { print, say, paint } = session;
  const first = reports.find(report => !isGreen(report));
  if (first === undefined) return;
  const regression = first.passedBefore !== undefined;
  const n = first.chapter.number;
  print(
    say(regression ? 'nextRegression' : 'nextHint', {
      n: chapterNumber(n),
      hint: command(session, n === chapter.number ? 'hint' : `hint ${n}`),
      changes: hasRepository(session.folder)
        ? `git -C ${shortPath(session.folder)} diff`
        : command(session, `diff ${chapter.number} me`),
      file: shortPath(lessonFile(session, first.chapter)),
    }),
  );
  print(paint.dim(say('checkTime', { seconds: (milliseconds / 1000).toFixed(1) })));
}

function toJson({ green, chapter, reports, milliseconds }: CheckResult): object {
  return {
    green,
    chapter: chapter.number,
    milliseconds: Math.round(milliseconds),
    chapters: reports.map(report => ({
      chapter: report.chapter.number,
      id: report.chapter.id,
      green: isGreen(report),
      missing: report.missing,
      broken: report.outcome.broken.flatMap(each => each.failures),
      tests: report.outcome.tests.map(test => ({
        section: test.section,
        name: test.name,
        fullName: fullName(test),
        state: test.state,
        ...(test.state === 'failed' ? { reason: reasonOf(report, test), failures: test.failures } : {}),
        ...(test.bytes === undefined ? {} : { bytes: test.bytes }),
        ...(test.history === undefined ? {} : { history: test.history }),
      })),
    })),
  };
}
