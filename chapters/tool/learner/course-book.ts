/**
 * The course as the learner's program sees it: chapters, the code at the end of each, what a chapter gives. Everything
 * that needs the TypeScript compiler is imported when it is asked for, so that `check` starts fast.
 */
import { existsSync } from 'node:fs';
import { type Chapter, type Course, CourseError, lastChapter, loadCourse } from '../catalog.ts';
import type { Addition } from '../contract.ts';
import { type Files, readText } from './lay-out.ts';
import { chapterNumber, type Session, Stop } from './session.ts';
import type { CodeLanguage } from './state.ts';
import { SYLLABUS } from './syllabus.ts';

/** The course; an author's mistake in it ends the command with what it says. */
export function openCourse(session: Session): Course {
  try {
    const course = loadCourse(session.courseRoot);
    if (course.chapters.length === 0) throw new Stop(session.say('noCourse', { root: session.courseRoot }));
    return course;
  } catch (error) {
    if (error instanceof CourseError) throw new Stop(session.say('courseBroken', { problems: error.message }));
    throw error;
  }
}

/** Can a learner take this chapter: are its lesson and its checkpoint written? */
export const isWritten = (chapter: Chapter): boolean => existsSync(chapter.lesson.en) && hasCheckpoint(chapter);

export const hasCheckpoint = (chapter: Chapter): boolean => existsSync(chapter.checkpoint);

/** Chapter `number`; a friendly stop when it is not written yet or no chapter at all. */
export function wantChapter(session: Session, course: Course, number: number): Chapter {
  const found = course.chapters.find(chapter => chapter.number === number);
  if (found !== undefined) return found;
  const coming = SYLLABUS[number];
  if (coming !== undefined)
    throw new Stop(
      session.say('chapterComing', {
        n: chapterNumber(number),
        title: coming.title[session.lang],
        last: chapterNumber(lastChapter(course)),
      }),
    );
  throw new Stop(session.say('noSuchChapter', { n: number, last: SYLLABUS.length - 1 }));
}

/** The written chapter after `number`, if any. */
export const nextChapter = (course: Course, number: number): Chapter | undefined =>
  course.chapters.find(chapter => chapter.number > number);

/** The reference at the end of chapter `k`; nothing before the first. */
export async function snapshot(course: Course, k: number, code: CodeLanguage): Promise<Files> {
  if (k < (course.chapters[0]?.number ?? 0)) return {};
  const { compose } = await import('../compose.ts');
  return inLanguage(Object.fromEntries(compose(course, k)), code);
}

async function inLanguage(files: Files, code: CodeLanguage): Promise<Files> {
  if (code === 'ts') return files;
  const { javascriptOf } = await import('../javascript.ts');
  return Object.fromEntries(javascriptOf(new Map(Object.entries(files))));
}

/** The files that the chapter gives: they enter the folder when it begins. */
export async function givenFiles(course: Course, chapter: Chapter, code: CodeLanguage): Promise<Files> {
  const given = chapter.given.filter(entry => !entry.includes('#'));
  if (given.length === 0) return {};
  const all = await snapshot(course, chapter.number, code);
  return Object.fromEntries(given.map(path => [learnersPath(path, code), all[learnersPath(path, code)] ?? '']));
}

/** Build mode: signatures with throwing bodies for new files, and `index.ts` as it is at the end of the chapter. */
export async function starterFiles(course: Course, chapter: Chapter, code: CodeLanguage): Promise<Files> {
  const [{ starterFiles: starterOf }, { isIndex }] = await Promise.all([
    import('../starter.ts'),
    import('../index-file.ts'),
  ]);
  const starter = Object.fromEntries(starterOf(course, chapter.number));
  const after = await snapshot(course, chapter.number, 'ts');
  for (const [path, text] of Object.entries(after)) if (isIndex(path)) starter[path] ??= text;
  if (code === 'ts') return starter;
  const { typesAsComments } = await import('../javascript.ts');
  const entries = Object.entries(starter).map(([path, text]) => [path, typesAsComments(path, text)] as const);
  return inLanguage(Object.fromEntries(entries), code);
}

/**
 * The programs of a chapter that are there to be run: its sketch files that are neither asked for nor used by one that is.
 * In build mode they are laid out whole, since nobody could guess them.
 */
export async function experimentFiles(course: Course, chapter: Chapter, code: CodeLanguage): Promise<Files> {
  const after = await snapshot(course, chapter.number, 'ts');
  const sketches = [...chapter.writes.keys()].filter(path => path.startsWith('sketch/') && after[path] !== undefined);
  const asked = new Set(sketches.filter(path => chapter.contract.has(path)));
  for (const path of asked) {
    for (const [, name] of after[path]!.matchAll(/ from '\.\/([\w.-]+)'/g))
      if (sketches.includes(`sketch/${name}`)) asked.add(`sketch/${name}`);
  }
  const files = sketches.filter(path => !asked.has(path)).map(path => [path, after[path]!] as const);
  return inLanguage(Object.fromEntries(files), code);
}

/** What the chapter's contract adds, by file as it is called in the learner's folder. */
export async function additionsOf(course: Course, chapter: Chapter, code: CodeLanguage): Promise<Addition[]> {
  const { contractAdditions } = await import('../contract.ts');
  return contractAdditions(course, chapter.number).map(each => ({ ...each, path: learnersPath(each.path, code) }));
}

/** The files of before that the reference of this chapter writes again, programs of sketch/ left out. */
export async function changedFiles(course: Course, chapter: Chapter, code: CodeLanguage): Promise<string[]> {
  const before = await snapshot(course, chapter.number - 1, code);
  return [...chapter.writes.keys()]
    .map(path => learnersPath(path, code))
    .filter(path => path in before && !path.startsWith('sketch/') && !/\/index\.[jt]s$/.test(path));
}

/** A file before and after one step of a lesson; undefined where there is no file. */
export interface StepState {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** For each block and each removal of the lesson, in order, what it does; undefined where the lesson is not in order. */
export async function lessonStates(
  session: Session,
  course: Course,
  chapter: Chapter,
  code: CodeLanguage,
): Promise<Array<StepState | undefined>> {
  const { lesson, steps } = await readSteps(session, course, chapter);
  const { join: joinPieces } = await import('../pieces.ts');
  const text = (pieces: Parameters<typeof joinPieces>[0] | undefined): string | undefined =>
    pieces === undefined ? undefined : joinPieces(pieces);
  const states = new Map(
    steps.map(step => [
      step.marker as unknown,
      { path: step.path, before: text(step.before), after: text(step.after) },
    ]),
  );
  const plain = lesson.items
    .filter(item => item.kind === 'code' || item.kind === 'remove')
    .map(item => states.get(item));
  return code === 'ts' ? plain : inJavaScript(plain);
}

async function inJavaScript(states: ReadonlyArray<StepState | undefined>): Promise<Array<StepState | undefined>> {
  const { javascriptOfAll } = await import('../javascript.ts');
  const oneFile = (path = '', text: string | undefined) => new Map(text === undefined ? [] : [[path, text]]);
  const all = states.flatMap(state => [oneFile(state?.path, state?.before), oneFile(state?.path, state?.after)]);
  const js = javascriptOfAll(all).map(files => [...files.values()][0]);
  return states.map((state, index) =>
    state === undefined
      ? undefined
      : { path: learnersPath(state.path, 'js'), before: js[index * 2], after: js[index * 2 + 1] },
  );
}

async function readSteps({ lang }: Session, course: Course, chapter: Chapter) {
  const [{ compose }, { parseLesson }, { givenPaths, stepsOf }] = await Promise.all([
    import('../compose.ts'),
    import('../lesson.ts'),
    import('../steps.ts'),
  ]);
  const language = existsSync(chapter.lesson[lang]) ? lang : 'en';
  const text = readText(chapter.lesson[language]);
  const lesson = parseLesson(text, chapter.id, []);
  const previous = course.chapters.findLast(each => each.number < chapter.number);
  const before = previous === undefined ? new Map<string, string>() : compose(course, previous.number);
  const after = compose(course, chapter.number);
  const steps = stepsOf(lesson, before, after, { given: givenPaths(chapter.given) }, []);
  return { lesson, steps };
}

/** The lesson's text with its code blocks in JavaScript. */
export async function javascriptLesson({ lang }: Session, course: Course, chapter: Chapter): Promise<string> {
  const { lessonInJavaScript } = await import('../lesson-javascript.ts');
  const language = existsSync(chapter.lesson[lang]) ? lang : 'en';
  return lessonInJavaScript(course, chapter, readText(chapter.lesson[language]), language);
}

/** Where a file of the course stands in the learner's folder: `.ts`, or `.js` in the JavaScript edition. */
export const learnersPath = (path: string, code: CodeLanguage): string =>
  code === 'js' ? path.replace(/\.ts$/, '.js') : path;

/** The chapter's lesson in the learner's language, English where it is not translated yet. */
export const lessonFile = (session: Session, chapter: Chapter): string =>
  existsSync(chapter.lesson[session.lang]) ? chapter.lesson[session.lang] : chapter.lesson.en;
