/**
 * `course read N`: the lesson in the terminal, through a pager where there is one, or its path alone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Chapter, Course } from '../catalog.ts';
import { javascriptLesson, lessonFile, openCourse, wantChapter } from './course-book.ts';
import { readText } from './lay-out.ts';
import { renderMarkdown } from './lesson-view.ts';
import { shortPath } from './places.ts';
import { chapterNumber, command, type Session, Stop } from './session.ts';
import { type CodeLanguage, readState } from './state.ts';

export interface ReadOptions {
  readonly chapter?: number;
  readonly path?: boolean;
  /** The file as it is written, not laid out for the terminal. */
  readonly raw?: boolean;
  readonly js?: boolean;
  /** Without the code that is to be typed, for those who write their own. */
  readonly idea?: boolean;
}

export async function read(session: Session, options: ReadOptions): Promise<number> {
  const { print, say } = session;
  const course = openCourse(session);
  const state = readState(session.folder);
  const chapter = wantChapter(session, course, options.chapter ?? state?.chapter ?? 0);
  const file = lessonFile(session, chapter);
  if (!existsSync(file)) throw new Stop(say('lessonComing', { n: chapterNumber(chapter.number) }));
  if (options.path) {
    print(file);
    return 0;
  }
  const code = options.js ? 'js' : (state?.code ?? 'ts');
  const lesson = await lessonText(session, course, chapter, code);
  const text = options.idea ? withoutCode(lesson) : lesson;
  const shown = options.raw ? text : renderMarkdown(withPaths(text, session), session);
  const note = session.paint.dim(say('readIdeaOnly', { command: command(session, `read ${chapter.number}`) }));
  show(session, options.idea ? `${shown.trimEnd()}\n\n${note}` : shown, shortPath(file));
  return 0;
}

/** The lesson with its blocks in the learner's code language. */
export async function lessonText(
  session: Session,
  course: Course,
  chapter: Chapter,
  code: CodeLanguage,
): Promise<string> {
  if (code === 'js') return javascriptLesson(session, course, chapter);
  return readText(lessonFile(session, chapter));
}

/**
 * Steps in which the reference's code is typed go, with their words, which are about that code. Steps that run something
 * stay, without the programs that are laid out already; so does all else: pictures, what programs print, and between the
 * steps the path and the words of a block.
 */
const withoutCode = (markdown: string): string =>
  partsOf(markdown)
    .filter(part => !/^### /.test(part) || !/^<!--\s*code:/m.test(part) || /^<!--\s*run:/m.test(part))
    .join('')
    .replace(/^<!--\s*code:\s*sketch\/[\s\S]*?^<!--\s*\/code\s*-->$/gm, '')
    .replace(/^<!--\s*code:[\s\S]*?^<!--\s*\/code\s*-->$/gm, block =>
      block.replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1$\n?/m, ''),
    );

/** Cut before each heading; a line in a fence is none. */
function partsOf(markdown: string): string[] {
  const parts = [''];
  let fence = '';
  for (const line of markdown.split(/(?<=\n)/)) {
    const mark = /^(`{3,})/.exec(line)?.[1] ?? '';
    if (fence === '') fence = mark;
    else if (mark === fence) fence = '';
    if (fence === '' && /^#{1,6} /.test(line)) parts.push('');
    parts[parts.length - 1] += line;
  }
  return parts;
}

/** The markers are comments, which are not shown; the path that a block belongs to is. */
const withPaths = (markdown: string, { say }: Session): string =>
  markdown
    .replace(/^<!--\s*code:\s*(\S+).*-->$/gm, '**$1**\n')
    .replace(/^<!--\s*remove:\s*(\S+)\s*-->$/gm, (_, path: string) => `**${say('playRemove', { path })}**\n`);

function show(session: Session, text: string, file: string): void {
  const { print, paint, interactive } = session;
  if (interactive && page(text)) return;
  print(text);
  print(`\n${paint.dim(file)}`);
}

/** True when a pager showed it. `less -R` keeps colours; Windows has `more`, which does not. */
function page(text: string): boolean {
  const [program = 'less', ...args] = (process.env['PAGER'] || 'less -R').split(/\s+/);
  const run = spawnSync(program, args, {
    input: text,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { LESSCHARSET: 'utf-8', LESS: '-R', ...process.env },
  });
  return run.error === undefined && run.status === 0;
}
