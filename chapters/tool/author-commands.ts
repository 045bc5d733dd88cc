/**
 * The author's half of the course program: compose, store, weave, sync, prove. README.md beside this file tells how they are used.
 *
 * Every command ends with exit code 1 and one line for each mistake, beginning with its place, when something is wrong.
 */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CourseError, loadCourse, REPOSITORY, twoDigits } from './catalog.ts';
import { Composer } from './compose.ts';
import { storeDraft } from './draft.ts';
import { finalTarget, referenceTarget } from './targets.ts';
import { weave } from './weave.ts';

/** Add the authors' commands to the program. `root` is the repository, or a toy course in tests. */
export function registerAuthorCommands(program: Command, root: string = REPOSITORY): void {
  program
    .command('compose')
    .argument('[chapters...]', 'numbers, or "final"; all of them by default')
    .description('write snapshots to .views/NN')
    .action((chapters: string[]) => report(() => composeViews(root, chapters)));
  program
    .command('store')
    .argument('<chapter>', 'the chapter whose snapshot this is', Number)
    .argument('[entries...]', 'files, folders, or path#Symbol,Class,Class.method,A..B')
    .option('--from <folder>', 'the folder with the full files; the repository itself by default')
    .option('--remove <entries...>', 'paths or path#symbol that the chapter no longer has')
    .description('make full files the snapshot of a chapter; writes, stored texts and pending.json follow')
    .action((chapter: number, entries: string[], options: { from?: string; remove?: string[] }) =>
      report(() => store(root, chapter, entries, options)),
    );
  program
    .command('weave')
    .argument('[chapters...]', 'numbers; all of them by default')
    .option('--check', 'write nothing, say what would change')
    .description('fill the fences of the lessons from the code and from what commands print')
    .action((chapters: string[], options: { check?: boolean }) =>
      report(() => weaveLessons(root, chapters, options.check === true)),
    );
}

async function report(run: () => void | Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof CourseError)) throw error;
    for (const problem of error.problems) console.error(problem);
    process.exitCode = 1;
  }
}

function composeViews(root: string, chapters: readonly string[]): void {
  const course = loadCourse(root);
  const wanted = chapters.length > 0 ? chapters : [...course.chapters.map(c => String(c.number)), 'final'];
  for (const name of wanted) {
    const dir = name === 'final' ? finalTarget(course) : referenceTarget(course, Number(name));
    console.log(`${name === 'final' ? 'final' : twoDigits(Number(name))}  ${dir}`);
  }
}

function store(root: string, chapter: number, entries: string[], options: { from?: string; remove?: string[] }): void {
  const from = options.from === undefined ? {} : { from: resolve(options.from) };
  const remove = options.remove === undefined ? {} : { remove: options.remove };
  const changed = storeDraft(loadCourse(root), chapter, { entries, ...from, ...remove });
  console.log(changed.length === 0 ? 'nothing to change' : changed.map(path => `wrote ${path}`).join('\n'));
}

function weaveLessons(root: string, chapters: readonly string[], check: boolean): void {
  const course = loadCourse(root);
  const composer = new Composer(course);
  const which = chapters.length > 0 ? { chapters: chapters.map(Number) } : {};
  const result = weave(course, composer, { check, runs: { root }, ...which });
  for (const path of result.written) console.log(`wove ${path}`);
  const problems = [...composer.problems, ...result.problems];
  if (problems.length > 0) throw new CourseError([...new Set(problems)]);
  if (result.written.length === 0) console.log('every lesson is woven');
}
