/**
 * What a check tells the learner. It speaks of bytes, files and offsets, of the learner's own lines, and of whether red
 * was to be expected here; never of the test runner. Pure: outcomes in, lines out.
 */
import type { Chapter } from '../catalog.ts';
import type { CheckOutcome, Failure, TestOutcome } from './check-outcome.ts';
import { ENDLESS, NOT_WRITTEN } from './check-outcome.ts';
import { sayExpectation } from './expectations.ts';
import { absentNames, type MissingPart } from './exports.ts';
import { hexDifference } from './hex-view.ts';
import { listed } from './language.ts';
import { shortPath } from './places.ts';
import { chapterNumber, type Session, Stop } from './session.ts';
import { columnsOf, padEnd, visible, withoutColours, wrap } from './terminal.ts';
import { textDifference } from './text-difference.ts';

/** Why a test is red: is it normal here, or did something break? */
export type Red = 'not-written' | 'being-built' | 'guarded' | 'was-green' | 'broken';

export interface ChapterReport {
  readonly chapter: Chapter;
  readonly outcome: CheckOutcome;
  readonly missing: readonly MissingPart[];
  readonly passedBefore: string | undefined;
  /** The chapter in hand, or a later one: red is no surprise there. */
  readonly inHand: boolean;
}

/** What a stub throws (`chapter 07: Database.recover`) or a stand-in; in a comparison of errors it stands inside of a text. */
const STUB = /\bchapter \d\d: ((?:new )?[\w$.#]+)/;
const STAND_IN = new RegExp(`${NOT_WRITTEN}([^\\s"']+)`);

/** What this failure waits for, when it is nothing but code that is not written yet: `path#name` or `Class.method`. */
export function notWritten({ message, actual = '', diff = '' }: Failure): string | undefined {
  const said = `${message}\n${actual}\n${diff}`;
  return STAND_IN.exec(said)?.[1] ?? STUB.exec(said)?.[1];
}

export function reasonOf(report: ChapterReport, test: TestOutcome): Red {
  const waits = test.failures.some(failure => notWritten(failure) !== undefined);
  if (report.passedBefore !== undefined) return 'was-green';
  if (report.chapter.greenAtStart.includes(test.name) || report.chapter.greenAtStart.includes(fullName(test)))
    return 'guarded';
  if (waits) return 'not-written';
  return report.inHand ? 'being-built' : 'broken';
}

export const fullName = (test: TestOutcome): string =>
  test.section === '' ? test.name : `${test.section} > ${test.name}`;

export const isGreen = ({ outcome }: ChapterReport): boolean =>
  outcome.broken.length === 0 && outcome.tests.length > 0 && outcome.tests.every(test => test.state !== 'failed');

/** One line for a chapter that is green, its sections for one that is not. */
export function chapterLines(session: Session, report: ChapterReport, detailed: boolean): string[] {
  const { paint } = session;
  const green = isGreen(report);
  const { chapter, outcome } = report;
  const mark = green ? paint.green('✓') : paint.red('✗');
  const name = `${mark} ${chapterNumber(chapter.number)} ${padEnd(chapter.title[session.lang], 40)}`;
  // A checkpoint that could not be loaded has nothing to count.
  const count = `${outcome.tests.filter(test => test.state === 'passed').length}/${outcome.tests.length}`;
  const head = outcome.tests.length === 0 ? name.trimEnd() : `${name} ${paint.dim(count)}`;
  return green || !detailed ? [head] : [head, ...sectionLines(session, report)];
}

/**
 * The sections of a chapter with their counts. What is red is shown as sentences where the learner is at work: in sections that are
 * partly green, and in the first that is not begun.
 */
function sectionLines(session: Session, report: ChapterReport): string[] {
  const { paint } = session;
  const sections = [...groupBySection(report.outcome.tests)].map(([name, tests]) => {
    const passed = tests.filter(test => test.state === 'passed').length;
    return { name, tests, passed, green: passed === tests.length };
  });
  const next = sections.find(section => section.passed === 0);
  return sections.flatMap(section => {
    const { name, tests, passed, green } = section;
    const mark = green ? paint.green('✓') : passed === 0 ? paint.dim('·') : paint.red('✗');
    const title = padEnd(sectionTitle(session, report.chapter, name), 39);
    const head = `    ${mark} ${title} ${paint.dim(`${passed}/${tests.length}`)}`;
    if (green || (passed === 0 && section !== next)) return [head];
    return [
      head,
      ...sentenceLines(
        session,
        tests.filter(test => test.state === 'failed'),
        '        ',
      ),
    ];
  });
}

/** Each test as its sentence. */
export const sentenceLines = ({ paint }: Session, tests: readonly TestOutcome[], margin: string): string[] =>
  tests.map(({ state, name }) =>
    state === 'failed' ? `${margin}${paint.red('✗')} ${name}` : `${margin}${paint.green('✓')} ${paint.dim(name)}`,
  );

function groupBySection(tests: readonly TestOutcome[]): Map<string, TestOutcome[]> {
  const groups = new Map<string, TestOutcome[]>();
  for (const test of tests) groups.set(test.section, [...(groups.get(test.section) ?? []), test]);
  return groups;
}

/** Sections have a name in the checkpoint (English) and a title in each language at the same place of two lists. */
export function sectionTitle({ lang }: Session, { sections }: Chapter, name: string): string {
  const at = sections.en.indexOf(name);
  return (at < 0 ? undefined : sections[lang][at]) ?? name;
}

/** Which of these sections is asked for: by its number in the list, by its name or title, or by a part of one. */
export function chooseSection(session: Session, chapter: Chapter, sections: readonly string[], wanted: string): number {
  const titles = sections.map(name => sectionTitle(session, chapter, name));
  const names = sections.map((name, index) => [name, titles[index]!].map(each => each.toLowerCase()));
  const asked = wanted.toLowerCase();
  const found = [
    names.findIndex((_, index) => String(index + 1) === asked),
    names.findIndex(each => each.includes(asked)),
    names.findIndex(each => each.some(name => name.includes(asked))),
  ].find(index => index >= 0);
  if (found !== undefined) return found;
  const known = titles.map((title, index) => `${index + 1} ${title}`).join(' · ');
  throw new Stop(session.say('noSuchSection', { section: wanted, known }));
}

/** Files and names that the chapter asks for and the folder does not have, and names that are there in another spelling. */
export function missingLines({ say, paint, columns, lang }: Session, missing: readonly MissingPart[]): string[] {
  const names = (all: readonly string[]): string =>
    listed(
      lang,
      all.map(name => paint.cyan(name)),
    );
  return missing.flatMap(part => {
    const path = paint.bold(part.path);
    const absent = absentNames(part);
    const sentences = [
      ...part.unexported.map(name => say('notExported', { path, name: paint.cyan(name) })),
      ...part.misnamed.map(({ wanted, found }) =>
        say('misnamed', { path, wanted: names([wanted]), found: names(found) }),
      ),
    ];
    if (!part.fileExists)
      sentences.push(say(absent.length > 0 ? 'missingFile' : 'missingFileOnly', { path, names: names(absent) }));
    else if (absent.length > 0) sentences.push(say('missingNames', { path, names: names(absent) }));
    return sentences.map(sentence => wrap(sentence, columns - 4, '    ').slice(2));
  });
}

/** Something of the chapter is not there at all yet: neither by its name nor by another. */
export const isUnwritten = (missing: readonly MissingPart[]): boolean =>
  missing.some(part => !part.fileExists || absentNames(part).length > 0);

/** Every failure of this test is code that nobody has written yet. */
export const onlyWaits = (test: TestOutcome): boolean =>
  test.failures.length > 0 && test.failures.every(failure => notWritten(failure) !== undefined);

/** The stubs of build mode that tests ran into: `Store.put`, `encodeNumber`. */
export function emptyLines({ say, paint, columns, lang }: Session, { outcome }: ChapterReport): string[] {
  const waiting = outcome.tests.flatMap(test => test.failures.map(notWritten));
  // A path is a stand-in's name, cut short where vitest quotes it inside another message; the missing parts name it already.
  const names = new Set(waiting.filter(name => name !== undefined && !/[#/]/.test(name)));
  if (names.size === 0) return [];
  // `new Store` is one name: its space is hidden while the list is broken into lines.
  const whole = [...names].map(name => paint.cyan((name ?? '').replaceAll(' ', HIDDEN_SPACE)));
  const sentence = say('stillEmpty', { names: listed(lang, whole) });
  return [
    wrap(sentence, columns - 4, '    ')
      .slice(2)
      .replaceAll(HIDDEN_SPACE, ' '),
  ];
}

const HIDDEN_SPACE = '\u0000';

/** The story of one failed test. */
export function failureLines(session: Session, report: ChapterReport, test: TestOutcome): string[] {
  const { paint, say } = session;
  const lines = [`${paint.red('✗')} ${sectionPrefix(session, report.chapter, test)}${paint.bold(test.name)}`];
  const [failure] = test.failures;
  if (failure !== undefined) lines.push(...causeLines(session, test, failure).map(indent));
  if (test.history !== undefined) lines.push(...historyLines(session, test.history).map(indent));
  if (failure !== undefined) lines.push(...placeLines(session, report.chapter, failure).map(indent));
  if (reasonOf(report, test) === 'guarded') lines.push(indent(paint.dim(say('redGuarded'))));
  return lines;
}

/** Was red to be expected? Said once for a chapter; a test that guards old ground says it itself. */
export function reasonLines({ say, paint }: Session, report: ChapterReport, told: readonly TestOutcome[]): string[] {
  const reasons = new Set(told.map(test => reasonOf(report, test)).filter(reason => reason !== 'guarded'));
  const date = (report.passedBefore ?? '').slice(0, 10);
  return [...reasons].map(reason => paint.dim(say(REASONS[reason], { date })));
}

const REASONS = {
  'not-written': 'redNotWritten',
  'being-built': 'redBeingBuilt',
  guarded: 'redGuarded',
  'was-green': 'redWasGreen',
  broken: 'redBroken',
} as const;

const indent = (line: string): string => `  ${line}`;

const sectionPrefix = (session: Session, chapter: Chapter, { section }: TestOutcome): string =>
  section === '' ? '' : `${sectionTitle(session, chapter, section)}${session.lang === 'zh' ? '：' : ': '}`;

function causeLines(session: Session, test: TestOutcome, failure: Failure): string[] {
  const waiting = notWritten(failure);
  if (waiting !== undefined) return [waitingLine(session, waiting)];
  if (failure.message === ENDLESS) return [session.say('endless')];
  if (test.bytes !== undefined) return [...ownWords(session, failure), ...byteLines(session, test.bytes)];
  return [...valueLines(session, failure), ...damageLines(session, failure)];
}

function waitingLine({ say, paint }: Session, waiting: string): string {
  const [path, name] = waiting.split('#');
  if (name === undefined) return say('stubWaits', { name: paint.cyan(waiting) });
  return say('exportWaits', { path: paint.bold(path!), name: paint.cyan(name) });
}

/** What the test itself says of the value that differs, `the fields of record 7`. */
function ownWords({ columns }: Session, { message }: Failure): string[] {
  const words = /^(.*?): expected /.exec(message)?.[1];
  return words === undefined ? [] : wrap(words, columns - 4).split('\n');
}

function byteLines({ say, paint }: Session, bytes: { expected: string; yours: string }): string[] {
  const expected = Buffer.from(bytes.expected, 'hex');
  const yours = Buffer.from(bytes.yours, 'hex');
  const labels = { expected: say('expected').trim(), yours: say('yours').trim() };
  const rows = hexDifference(expected, yours, labels);
  const at = Math.max(
    0,
    ...[...expected.keys()].filter(index => expected.subarray(0, index).equals(yours.subarray(0, index))),
  );
  const lengths = { expected: expected.length, yours: yours.length };
  return [
    ...(expected.length === yours.length ? [] : [say('bytesLength', lengths)]),
    say('bytesDiffer', { at, hex: `0x${at.toString(16)}` }),
    ...rows.map(row =>
      row.startsWith(labels.expected) ? paint.green(row) : row.startsWith(labels.yours) ? paint.red(row) : row,
    ),
  ];
}

const MOST_LINES = 14;

function valueLines(session: Session, failure: Failure): string[] {
  const { columns, lang } = session;
  const { name } = failure;
  const [message, expected, actual, diff] = [failure.message, failure.expected, failure.actual, failure.diff].map(
    text => text && visible(withoutColours(text)),
  ) as [string, ...(string | undefined)[]];
  const told = sayExpectation(lang, message, oneLine(actual));
  if (told !== undefined) return [...ownWords(session, failure), ...pairLines(session, told.expected, told.yours)];
  if (oneLine(expected) !== undefined && oneLine(actual) !== undefined)
    return [...ownWords(session, failure), ...pairLines(session, expected!, actual!)];
  if (diff !== undefined && diff !== '') return [...ownWords(session, failure), ...diffLines(session, diff)];
  const prefix = name === 'AssertionError' || name === 'Error' ? '' : `${name}: `;
  return limited(wrap(`${prefix}${message}`, columns - 4).split('\n'));
}

const oneLine = (text: string | undefined): string | undefined => (text?.includes('\n') ? undefined : text);

function pairLines({ say, paint, columns }: Session, expected: string, yours: string): string[] {
  const shown = textDifference(expected, yours, columns - 12);
  return [
    `${say('expected')} ${paint.green(shown.expected)}`,
    `${say('yours')} ${paint.red(shown.yours)}`,
    ...(shown.caret === '' ? [] : [`${' '.repeat(columnsOf(say('yours')))} ${shown.caret}`]),
  ];
}

/** The lines of two values that differ: side by side where it is one line of each, else marked, in our words. */
function diffLines(session: Session, diff: string): string[] {
  const { say, paint } = session;
  // Values of different kinds come one below the other, not line by line.
  const [, whole, other] = /^- Expected:\s*\n([\s\S]*?)\n\s*\n\+ Received:\s*\n([\s\S]*)$/.exec(diff) ?? [];
  if (whole !== undefined) return pairBlocks(session, whole, other!);
  const lines = diff.replace(/^- Expected[^\n]*\n\+ Received[^\n]*\n+/, '').split('\n');
  const left = lines.filter(line => line.startsWith('-'));
  const right = lines.filter(line => line.startsWith('+'));
  const [expected, yours] = [left, right].map(([line = '']) => line.slice(1).trim().replace(/,$/, ''));
  // Where one line has only moved, the lines between say so.
  const isPair = left.length === 1 && right.length === 1 && expected !== yours;
  if (isPair) return pairLines(session, expected!, yours!);
  const legend = `${paint.green(`- ${say('expected').trim()}`)}   ${paint.red(`+ ${say('yours').trim()}`)}`;
  return [legend, ...limited(lines.map(line => paintDiff(paint, line)))];
}

function pairBlocks({ say, paint }: Session, expected: string, yours: string): string[] {
  const block = (text: string, colour: (line: string) => string): string[] =>
    limited(text.trim().split('\n')).map(colour);
  return [say('expected').trim(), ...block(expected, paint.green), say('yours').trim(), ...block(yours, paint.red)];
}

const paintDiff = (paint: Session['paint'], line: string): string =>
  line.startsWith('-') ? paint.green(line) : line.startsWith('+') ? paint.red(line) : line;

const limited = (lines: string[]): string[] =>
  lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES), '...'];

function damageLines({ say }: Session, { code, file, offset }: Failure): string[] {
  const lines = code === undefined ? [] : [say('errorCode', { code })];
  if (file !== undefined)
    lines.push(offset === undefined ? say('damageFile', { file }) : say('damageAt', { file, offset }));
  return lines;
}

const MOST_HISTORY = 12;

/** The last operations before the failure, numbered from the first. */
function historyLines({ say, paint }: Session, history: readonly string[]): string[] {
  const from = Math.max(0, history.length - MOST_HISTORY);
  const rows = history.slice(from).map((operation, index) => `${String(from + index + 1).padStart(4)}  ${operation}`);
  return [say('historyTitle'), ...(from > 0 ? [paint.dim(say('historyCut', { count: from }))] : []), ...rows];
}

function placeLines({ say, paint }: Session, chapter: Chapter, failure: Failure): string[] {
  const lines = failure.frames.slice(0, 2).map(frame => paint.dim(say('yourLine', { place: frame })));
  if (failure.line === undefined) return lines;
  return [...lines, paint.dim(say('testLine', { place: `${shortPath(chapter.checkpoint)}:${failure.line}` }))];
}

const DOES_NOT_RESOLVE =
  /(?:Failed to resolve import|Cannot find module|Failed to load url) ['"]?([^'"\s]+)['"]?(?: (?:imported )?from ['"]?([^'"\n]+?)['"]?(?=[.?]? |[.?]?$|\n))?/m;

/** A checkpoint that could not be loaded: say which file of the learner's stands in the way. */
export function brokenLines(session: Session, failure: Failure): string[] {
  const { say, paint, folder, columns } = session;
  const waiting = notWritten(failure);
  if (waiting !== undefined) return [`${paint.red('✗')} ${waitingLine(session, waiting)}`];
  if (failure.message === ENDLESS) return [`${paint.red('✗')} ${say('endlessLoading')}`];
  const [, wanted, from] = DOES_NOT_RESOLVE.exec(failure.message) ?? [];
  const lines =
    wanted === undefined
      ? [
          `${paint.red('✗')} ${say('cannotLoad')}`,
          ...limited(wrapAll(failure.message.replaceAll(`${folder}/`, ''), columns - 4)).map(indent),
        ]
      : [
          `${paint.red('✗')} ${say('importLeadsNowhere', { wanted: paint.bold(wanted), from: paint.bold(shortFrom(folder, from ?? failure.frames[0]?.replace(/:\d+$/, ''))) })}`,
        ];
  return [...lines, ...failure.frames.map(frame => indent(paint.dim(say('yourLine', { place: frame }))))];
}

const wrapAll = (text: string, columns: number): string[] =>
  text.split('\n').flatMap(line => (line.length > columns ? wrap(line, columns).split('\n') : [line]));
const shortFrom = (folder: string, from: string | undefined): string =>
  (from ?? '').replaceAll('\\', '/').replace(`${folder.replaceAll('\\', '/')}/`, '');
