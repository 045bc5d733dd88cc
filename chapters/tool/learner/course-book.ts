/**
 * The course as the learner's program sees it: chapters, the code at the end of each, what a chapter gives. Everything
 * that needs the TypeScript compiler is imported when it is asked for, so that `check` starts fast.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Chapter, type Course, CourseError, lastChapter, loadCourse } from '../catalog.ts';
import type { Files } from './lay-out.ts';
import type { LessonStep } from './lesson-steps.ts';
import { type Session, Stop } from './session.ts';
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
export const isWritten = (chapter: Chapter): boolean => existsSync(chapter.lesson.en) && existsSync(chapter.checkpoint);

/** Chapter `number`; a friendly stop when it is not written yet or no chapter at all. */
export function wantChapter(session: Session, course: Course, number: number): Chapter {
  const found = course.chapters.find(chapter => chapter.number === number);
  if (found !== undefined) return found;
  const coming = SYLLABUS[number];
  if (coming !== undefined)
    throw new Stop(
      session.say('chapterComing', { n: number, title: coming.title[session.lang], last: lastChapter(course) }),
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
  throw new Error('the JavaScript edition is not here yet');
}

/** The files that the chapter gives: they enter the folder when it begins. */
export async function givenFiles(course: Course, chapter: Chapter, code: CodeLanguage): Promise<Files> {
  const given = chapter.given.filter(entry => !entry.includes('#'));
  if (given.length === 0) return {};
  const all = await snapshot(course, chapter.number, code);
  return Object.fromEntries(given.map(path => [learnersPath(path, code), all[learnersPath(path, code)] ?? '']));
}

/** Build mode: signatures with throwing bodies for files that are new, the missing contract of files that are not. */
export interface Starter {
  readonly files: Files;
  readonly missing: string;
}

export async function starterFiles(
  _session: Session,
  _course: Course,
  _chapter: Chapter,
  _code: CodeLanguage,
): Promise<Starter> {
  return { files: {}, missing: '' };
}

/** The text of a step's file after the step; undefined when the step removes it. */
export async function applyStep(
  _session: Session,
  files: Record<string, string>,
  step: LessonStep,
): Promise<string | undefined> {
  if (step.kind !== 'block') return undefined;
  return files[step.path];
}

/** The lesson with its code blocks in JavaScript. */
export async function lessonInLanguage(_course: Course, _chapter: Chapter, text: string): Promise<string> {
  return text;
}

/** Where a file of the course stands in the learner's folder: `.ts`, or `.js` in the JavaScript edition. */
export const learnersPath = (path: string, code: CodeLanguage): string =>
  code === 'js' ? path.replace(/\.ts$/, '.js') : path;

/** The chapter's lesson in the learner's language, English where it is not translated yet. */
export const lessonFile = (session: Session, chapter: Chapter): string =>
  existsSync(chapter.lesson[session.lang]) ? chapter.lesson[session.lang] : chapter.lesson.en;

export const sectionFolder = (chapter: Chapter, name: string): string | undefined => {
  const folder = join(chapter.dir, name);
  return existsSync(folder) ? folder : undefined;
};
