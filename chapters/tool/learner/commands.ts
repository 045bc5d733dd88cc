/**
 * The learner's commands: their arguments, options and help, and the file that does each. A command's file is loaded when
 * it is called, so the welcome and the help need neither the compiler nor the test runner.
 */
import { resolve } from 'node:path';
import { type Command, type Help, InvalidArgumentError, type Option } from 'commander';
import type { Language } from './language.ts';
import { type MessageKey, speak } from './messages.ts';
import { standingIn } from './places.ts';
import type { Session } from './session.ts';
import { columnsOf } from './terminal.ts';

/** Runs a command with the session of this run. */
export type Run = (command: (session: Session) => number | Promise<number>) => Promise<void>;

type CommandKey = Extract<MessageKey, `cmd_${string}`> extends `cmd_${infer Key}` ? Key : never;

/** What adding a command needs. */
class Desk {
  readonly run: Run;
  readonly #program: Command;
  readonly #lang: Language;

  constructor(program: Command, lang: Language, run: Run) {
    this.#program = program;
    this.#lang = lang;
    this.run = run;
  }

  text(key: MessageKey): string {
    return speak(this.#lang, key);
  }

  command(name: CommandKey): Command {
    const made = this.#program.command(name).description(this.text(`cmd_${name}`));
    made
      .allowExcessArguments(false)
      .helpOption('-h, --help', this.text('optHelp'))
      .addHelpText('after', `\n${this.text(`ex_${name}`)}`);
    return made.configureHelp(helpTitles(this.#lang));
  }

  /** A command about chapter N, the one in hand when N is left out. */
  chapterCommand(name: CommandKey): Command {
    return this.command(name).argument('[N]', this.text('argChapter'), this.chapter);
  }

  readonly chapter = (value: string): number => {
    if (!/^\d{1,2}$/.test(value)) throw new InvalidArgumentError(speak(this.#lang, 'badChapter', { value }));
    return Number(value);
  };

  readonly number = (value: string): number => {
    if (!/^\d+$/.test(value)) throw new InvalidArgumentError(speak(this.#lang, 'badNumber', { value }));
    return Number(value);
  };
}

/** Adds every command of a learner. */
export function addLearnerCommands(program: Command, lang: Language, run: Run): void {
  const desk = new Desk(program, lang, run);
  addFolderCommands(desk);
  addCheckCommands(desk);
  addHelpCommands(desk);
  addLessonCommands(desk);
  addProgramCommands(desk);
}

const withChapter = (chapter: number | undefined): { chapter?: number } => (chapter === undefined ? {} : { chapter });

function addFolderCommands(desk: Desk): void {
  desk
    .chapterCommand('start')
    .option('--build', desk.text('optBuild'))
    .option('--follow', desk.text('optFollow'))
    .option('--js', desk.text('optJs'))
    .option('--ts', desk.text('optTs'))
    .action((n: number | undefined, options) =>
      desk.run(async session => (await import('./start.ts')).start(session, { ...withChapter(n), ...options })),
    );
  desk
    .command('goto')
    .argument('<N>', desk.text('argChapterWanted'), desk.chapter)
    .option('--force', desk.text('optForceGoto'))
    .action((n: number, options) =>
      desk.run(async session => (await import('./goto.ts')).goTo(session, { chapter: n, ...options })),
    );
}

function addCheckCommands(desk: Desk): void {
  desk
    .chapterCommand('check')
    .option('--all', desk.text('optAll'))
    .option('--json', desk.text('optJson'))
    .option('--verbose', desk.text('optVerbose'))
    .option('--section <name>', desk.text('optSection'))
    .action((n: number | undefined, options) =>
      desk.run(async session => (await import('./check.ts')).check(session, { ...withChapter(n), ...options })),
    );
  desk.command('watch').action(() => desk.run(async session => (await import('./watch.ts')).watch(session)));
  desk
    .chapterCommand('challenge')
    .argument('[name]', desk.text('argChallenge'))
    .action((n: number | undefined, name: string | undefined) =>
      desk.run(async session =>
        (await import('./challenge.ts')).challenge(session, {
          ...withChapter(n),
          ...(name === undefined ? {} : { name }),
        }),
      ),
    );
}

function addHelpCommands(desk: Desk): void {
  desk
    .chapterCommand('hint')
    .option('--section <name>', desk.text('optSection'))
    .option('--level <n>', desk.text('optLevel'), desk.number)
    .action((n: number | undefined, options) =>
      desk.run(async session => (await import('./hint.ts')).hint(session, { ...withChapter(n), ...options })),
    );
  desk
    .command('diff')
    .argument('[words...]', desk.text('argDiff'))
    .option('--all', desk.text('optDiffAll'))
    .option('--force', desk.text('optForceDiff'))
    .action((words: string[], options) =>
      desk.run(async session =>
        (await import('./diff.ts')).diff(session, { ...diffWords(words, desk.chapter), ...options }),
      ),
    );
  desk
    .chapterCommand('solve')
    .argument('[paths...]', desk.text('argPath'))
    .option('--force', desk.text('optForceSolve'))
    .option('--print', desk.text('optPrint'))
    .action((n: number | undefined, paths: string[], options) =>
      desk.run(async session => (await import('./solve.ts')).solve(session, { ...withChapter(n), paths, ...options })),
    );
}

/** `diff 3`, `diff me`, `diff 3 me`, `diff 3 me record.ts`: a number is a chapter, `me` is me, the rest is a file. */
function diffWords(words: readonly string[], chapter: (value: string) => number) {
  const number = words.find(word => /^\d+$/.test(word));
  const path = words.find(word => word !== 'me' && word !== number);
  return {
    ...(number === undefined ? {} : { chapter: chapter(number) }),
    ...(words.includes('me') ? { mine: true } : {}),
    ...(path === undefined ? {} : { path }),
  };
}

function addLessonCommands(desk: Desk): void {
  desk
    .chapterCommand('read')
    .option('--path', desk.text('optPath'))
    .option('--idea', desk.text('optIdea'))
    .option('--raw', desk.text('optRaw'))
    .option('--js', desk.text('optReadJs'))
    .action((n: number | undefined, options) =>
      desk.run(async session => (await import('./read.ts')).read(session, { ...withChapter(n), ...options })),
    );
  desk
    .chapterCommand('play')
    .option('--fast', desk.text('optFast'))
    .option('--no-wait', desk.text('optNoWait'))
    .option('--apply', desk.text('optApply'))
    .option('--from <block>', desk.text('optFrom'), desk.number)
    .option('--to <block>', desk.text('optTo'), desk.number)
    .action((n: number | undefined, options) =>
      desk.run(async session => (await import('./play.ts')).play(session, { ...withChapter(n), ...options })),
    );
}

function addProgramCommands(desk: Desk): void {
  desk
    .chapterCommand('lab')
    .argument('[args...]', desk.text('argLab'))
    .option('--reference', desk.text('optReference'))
    .option('--json', desk.text('optJson'))
    .allowUnknownOption()
    .action((n: number | undefined, args: string[], options) =>
      desk.run(async session => (await import('./lab.ts')).lab(session, { ...withChapter(n), args, ...options })),
    );
  desk
    .chapterCommand('bench')
    .option('--json', desk.text('optJson'))
    .action((n: number | undefined, options) =>
      desk.run(async session => (await import('./bench.ts')).bench(session, { ...withChapter(n), ...options })),
    );
  desk
    .command('inspect')
    .argument('<directory>', desk.text('argDirectory'))
    .option('--json', desk.text('optJson'))
    .option('--limit <records>', desk.text('optLimit'), desk.number)
    .action((directory: string, options) =>
      desk.run(async session =>
        (await import('./inspect.ts')).inspect(session, resolve(standingIn(), directory), options),
      ),
    );
  desk
    .command('doctor')
    .option('--json', desk.text('optJson'))
    .action(options => desk.run(async session => (await import('./doctor.ts')).doctor(session, options)));
}

/** Commander's own words in Chinese, and widths that know how wide Chinese is. */
export function helpTitles(lang: Language): Partial<Help> {
  const chinese: Record<string, string> = {
    'Usage:': '用法：',
    'Options:': '选项：',
    'Commands:': '命令：',
    'Arguments:': '参数：',
    'Global Options:': '全局选项：',
  };
  return {
    styleTitle: title => (lang === 'zh' ? (chinese[title] ?? title) : title),
    displayWidth: columnsOf,
    optionDescription: option => optionText(option, lang),
    argumentDescription: argument => argument.description,
  };
}

function optionText(option: Option, lang: Language): string {
  if (option.argChoices === undefined) return option.description;
  const choices = option.argChoices.join(lang === 'zh' ? '、' : ', ');
  return `${option.description} (${choices})`;
}
