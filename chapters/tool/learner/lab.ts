/**
 * `course lab N`: the chapter's crash or fault lab on the learner's code, or on the reference with --reference. The
 * terminal is the lab's own while it runs: in one it waits for Enter after each frame, elsewhere all come at once.
 */

import { hasProgram, runProgram } from './chapter-program.ts';
import { openCourse, wantChapter } from './course-book.ts';
import { listed } from './language.ts';
import { chapterNumber, requireState, type Session, Stop } from './session.ts';

export interface LabOptions {
  readonly chapter?: number;
  readonly args?: readonly string[];
  readonly json?: boolean;
  /** Run it on the reference of the chapter, not on the learner's code. */
  readonly reference?: boolean;
}

export async function lab(session: Session, options: LabOptions): Promise<number> {
  const { chapter: number, args = [], json = false, reference = false } = options;
  const { say, lang, folder } = session;
  const state = requireState(session);
  const course = openCourse(session);
  const chapter = wantChapter(session, course, number ?? state.chapter);
  if (!hasProgram(chapter, 'lab')) {
    const others = course.chapters.filter(each => hasProgram(each, 'lab')).map(each => chapterNumber(each.number));
    const known = others.length === 0 ? say('noLabsYet') : say('labsAre', { list: listed(lang, others) });
    throw new Stop(`${say('noLab', { n: chapterNumber(chapter.number) })}${lang === 'zh' ? '' : ' '}${known}`, 0);
  }
  const target = reference ? (await import('../targets.ts')).referenceTarget(course, chapter.number) : folder;
  return runProgram({ chapter, kind: 'lab', target, lang, args: json ? [...args, '--json'] : args }).status ?? 1;
}
