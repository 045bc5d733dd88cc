/**
 * The author's half of the course program: compose, store, weave, sync, prove. README.md beside this file tells how they are used.
 *
 * Every command ends with exit code 1 and one line for each mistake, beginning with its place, when something is wrong.
 */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { rememberSuccessors } from './carry.ts';
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
  program
    .command('sync')
    .option('--rename <old=new...>', 'names that changed in the package')
    .option('--accept <path#symbol...>', 'stored texts that are right as they stand')
    .option('--later <paths...>', 'package files, or path#A,B, whose edit belongs to a chapter to come')
    .option('--base <commit>', 'with --later: the commit that has the files as the chapters teach them', 'HEAD')
    .option('--no-prove', 'carry and weave only')
    .description('carry edits of the packages back through the chapters, weave the lessons, prove what changed')
    .action((options: SyncFlags) => report(() => syncCourse(root, options)));
  program
    .command('prove')
    .argument('[chapters...]', 'only these; all by default')
    .option('--changed', 'only what changed since the last local proof; with none recorded the last snapshot')
    .option('--workers <n>', 'threads for the checkpoints', Number, 2)
    .option('--report <file>', 'write {"passed", "failed"} there')
    .description('prove that the text of the course is executable; never writes sources')
    .action((chapters: string[], options: ProveFlags) => report(() => proveCourse(root, chapters, options)));
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
  const course = loadCourse(root);
  rememberSuccessors(course, new Composer(course));
  console.log(changed.length === 0 ? 'nothing to change' : changed.map(path => `wrote ${path}`).join('\n'));
}

interface SyncFlags {
  rename?: string[];
  accept?: string[];
  later?: string[];
  base: string;
  prove: boolean;
}

async function syncCourse(root: string, flags: SyncFlags): Promise<void> {
  const renames = new Map(
    (flags.rename ?? []).map((pair): [string, string] => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']),
  );
  const { sync } = await import('./sync.ts');
  sync(root, {
    renames,
    accept: flags.accept ?? [],
    later: flags.later ?? [],
    base: flags.base,
    print: line => console.log(line),
  });
  if (flags.prove) await proveCourse(root, [], { changed: true });
}

interface ProveFlags {
  changed?: boolean;
  workers?: number;
  report?: string;
}

async function proveCourse(root: string, chapters: readonly string[], flags: ProveFlags): Promise<void> {
  const { prove } = await import('./prove.ts');
  const only = chapters.length > 0 ? { chapters: chapters.map(Number) } : {};
  const proof = await prove(root, { ...flags, ...only, print: line => console.log(line) });
  if (proof.failed > 0) process.exitCode = 1;
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
