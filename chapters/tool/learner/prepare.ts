/**
 * Getting the folder ready for a chapter: what the chapter gives, the stubs of build mode, copies of the checkpoints,
 * the link to the learner's own engine. A file that the learner has changed is never touched here.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Chapter, Course } from '../catalog.ts';
import {
  additionsOf,
  changedFiles,
  experimentFiles,
  givenFiles,
  hasCheckpoint,
  learnersPath,
  starterFiles,
} from './course-book.ts';
import { listed } from './language.ts';
import { type Files, layOut, layProject, linkMembers, ownFiles } from './lay-out.ts';
import { posix } from './places.ts';
import { chapterNumber, type Session } from './session.ts';
import type { LearnerState } from './state.ts';

/** Does all of it and says what was done, a line each. The caller writes the state. */
export async function prepareChapter(
  session: Session,
  course: Course,
  state: LearnerState,
  chapter: Chapter,
): Promise<string[]> {
  const { say, paint, lang } = session;
  const lines: string[] = [];
  const list = (paths: readonly string[]): string =>
    listed(
      lang,
      paths.map(path => paint.bold(path)),
    );
  layProject(session, state);
  layCheckpoints(session, course, state, chapter.number);
  const given = layOut(session, state, await givenFiles(course, chapter, state.code), {
    replace: 'never',
    reason: 'given',
  });
  if (given.written.length > 0) lines.push(say('laidGiven', { files: list(given.written) }));
  if (given.own.length > 0) lines.push(say('givenKept', { files: list(given.own) }));
  // A chapter that is green has no use for stubs, and a file that is there is none.
  if (state.mode === 'build' && state.passed[chapter.number] === undefined) {
    const experiments = layOut(session, state, await experimentFiles(course, chapter, state.code), {
      replace: 'never',
      reason: 'experiments',
    });
    if (experiments.written.length > 0) lines.push(say('laidExperiments', { files: list(experiments.written) }));
    const isNew = ([path]: [string, string]): boolean =>
      /\/index\.[jt]s$/.test(path) || !existsSync(join(session.folder, path));
    const all = await starterFiles(course, chapter, state.code);
    const starter = Object.fromEntries(Object.entries(all).filter(isNew));
    const laid = layOut(session, state, starter, { replace: 'never', reason: 'starter' });
    if (laid.written.length > 0) lines.push(say('laidStubs', { files: list(laid.written) }));
    lines.push(...(await layContract(session, course, state, chapter, Object.keys(all))));
  }
  for (const member of linkMembers(session, state)) lines.push(say('linked', { name: `@zerocask/${member}` }));
  return lines;
}

/**
 * What the chapter adds to files that have no stub, since the learner has them already or since nothing but types would be in
 * them, stands in a file of its own beside the checkpoint; returns the lines that say so.
 */
async function layContract(
  session: Session,
  course: Course,
  state: LearnerState,
  chapter: Chapter,
  stubs: readonly string[],
): Promise<string[]> {
  const { say, paint, lang } = session;
  const isMine = (path: string): boolean => ownFiles(session, state, { [path]: '' }).length > 0;
  const additions = (await additionsOf(course, chapter, state.code)).filter(
    ({ path, isNewFile }) => !isNewFile || !stubs.includes(path) || isMine(path),
  );
  if (additions.length === 0) return [];
  const paths = [...new Set(additions.map(({ path }) => path))];
  const parts = paths.map(path => {
    const texts = additions.filter(each => each.path === path).map(({ text }) => `${text}\n`);
    return `## ${path}\n\`\`\`ts\n${texts.join('\n')}\`\`\`\n`;
  });
  const file = posix(join('checkpoints', chapter.id, 'CONTRACT.md'));
  const head = say(state.code === 'ts' ? 'contractHead' : 'contractHeadJs', { n: chapterNumber(chapter.number) });
  layOut(session, state, { [file]: [head, ...parts].join('\n') }, { replace: 'keep-aside', reason: 'contract' });
  const known = new Set([...paths, ...stubs]);
  const others = (await changedFiles(course, chapter, state.code)).filter(path => !known.has(path));
  const names = paths.map(path => {
    const own = additions.filter(each => each.path === path).map(({ name }) => name);
    return `      ${paint.bold(path)}: ${listed(lang, own)}`;
  });
  const also =
    others.length === 0
      ? []
      : [
          say('alsoChanges', {
            files: listed(
              lang,
              others.map(path => basename(path)),
            ),
          }),
        ];
  return [say('contractMissing', { file: paint.bold(file) }), ...names, ...also];
}

/** Copies of the checkpoints up to this chapter, so that the folder can be tested where there is no clone. */
export function layCheckpoints(session: Session, course: Course, state: LearnerState, upTo: number): void {
  for (const chapter of course.chapters) {
    if (chapter.number > upTo || !hasCheckpoint(chapter)) continue;
    layOut(session, state, checkpointFiles(chapter), { replace: 'never', reason: 'checkpoints' });
  }
}

/** The checkpoint and the test data beside it; lessons, labs and older texts stay in the clone. */
function checkpointFiles(chapter: Chapter): Files {
  const beside = readdirSync(chapter.dir).filter(name => /\.(ts|json|bin|txt)$/.test(name) && name !== 'chapter.json');
  return Object.fromEntries(
    beside
      .filter(name => statSync(join(chapter.dir, name)).isFile())
      .map(name => [posix(join('checkpoints', chapter.id, name)), readFileSync(join(chapter.dir, name), 'utf8')]),
  );
}

/** The paths that a chapter writes, as they are called in the learner's folder. */
export const chapterPaths = (chapter: Chapter, state: LearnerState): string[] =>
  [...chapter.writes.keys()].map(path => learnersPath(path, state.code));
