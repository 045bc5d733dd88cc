/**
 * `course lab N`: the chapter's lab on the learner's code. A lab is `lab/main.ts` in the chapter's folder, a program of
 * its own: it runs with the learner's folder as ZEROCASK_TARGET and reaches the code through `#engine/...`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isWritten, openCourse, sectionFolder, wantChapter } from './course-book.ts';
import { programRoot } from './places.ts';
import { chapterNumber, requireState, type Session, Stop } from './session.ts';

export interface LabOptions {
  readonly chapter?: number;
  readonly reference?: boolean;
  readonly args?: readonly string[];
}

export function lab(session: Session, options: LabOptions): number {
  const { say } = session;
  const state = requireState(session);
  const course = openCourse(session);
  const chapter = wantChapter(session, course, options.chapter ?? state.chapter);
  const folder = sectionFolder(chapter, 'lab');
  const program = folder === undefined ? undefined : labProgram(folder);
  if (program === undefined) {
    const withLab = course.chapters.filter(isWritten).filter(each => labProgram(join(each.dir, 'lab')) !== undefined);
    const known =
      withLab.length === 0
        ? say('noLabsYet')
        : say('labsAre', { list: withLab.map(each => chapterNumber(each.number)).join(', ') });
    throw new Stop(`${say('noLab', { n: chapterNumber(chapter.number) })} ${known}`, 0);
  }
  return runInFolder(session, program, options.args ?? []);
}

function labProgram(folder: string): string | undefined {
  const names = existsSync(folder)
    ? readdirSync(folder).filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    : [];
  const name = names.find(each => each === 'main.ts') ?? (names.length === 1 ? names[0] : undefined);
  return name === undefined ? undefined : join(folder, name);
}

/** Runs a TypeScript program with the learner's folder as its target; the terminal is the program's. */
export function runInFolder(session: Session, program: string, args: readonly string[]): number {
  const loader = pathToFileURL(join(programRoot, 'node_modules/tsx/dist/loader.mjs')).href;
  const run = spawnSync(process.execPath, ['--import', loader, program, ...args], {
    stdio: 'inherit',
    cwd: session.folder,
    env: { ...process.env, ZEROCASK_TARGET: session.folder, ZEROCASK_LANG: session.lang },
  });
  return run.status ?? 1;
}
