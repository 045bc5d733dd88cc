/** `course lab N`: the chapter's crash or fault lab on the learner's code. The terminal is the lab's own while it runs. */

import { hasProgram, runProgram } from './chapter-program.ts';
import { openCourse, wantChapter } from './course-book.ts';
import { listed } from './language.ts';
import { chapterNumber, requireState, type Session, Stop } from './session.ts';

export interface LabOptions {
  readonly chapter?: number;
  readonly args?: readonly string[];
}

export function lab(session: Session, { chapter: number, args = [] }: LabOptions): number {
  const { say, lang, folder } = session;
  const state = requireState(session);
  const course = openCourse(session);
  const chapter = wantChapter(session, course, number ?? state.chapter);
  if (!hasProgram(chapter, 'lab')) {
    const others = course.chapters.filter(each => hasProgram(each, 'lab')).map(each => chapterNumber(each.number));
    const known = others.length === 0 ? say('noLabsYet') : say('labsAre', { list: listed(lang, others) });
    throw new Stop(`${say('noLab', { n: chapterNumber(chapter.number) })} ${known}`, 0);
  }
  return runProgram({ chapter, kind: 'lab', target: folder, lang, args }).status ?? 1;
}
