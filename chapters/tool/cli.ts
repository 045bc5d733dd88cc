import { resolve } from 'node:path';
import { Command, CommanderError, type Help, InvalidArgumentError, Option } from 'commander';
import { isLanguage, LANGUAGES, type Language, languageOfArguments, languageOfLocale } from './learner/language.ts';
import { type MessageKey, speak } from './learner/messages.ts';
import { courseRootOf, learnerFolder, standingIn } from './learner/places.ts';
import { createSession, type Session, Stop } from './learner/session.ts';
import { readState, StateError, writeState } from './learner/state.ts';
import { columnsOf, paintFor, proseColumns } from './learner/terminal.ts';

interface GlobalOptions {
  readonly dir?: string;
  readonly lang?: string;
}

const INTERRUPTED = 130;

async function main(args: readonly string[]): Promise<number> {
  const lang = languageFor(args);
  const text = (key: MessageKey): string => speak(lang, key);
  const program = buildProgram(lang, text);
  const run = new Runner(program, lang);
  addCommands(program, text, run);
  await addAuthorCommands(program, args);
  try {
    await program.parseAsync(args, { from: 'user' });
    return run.exitCode || Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error, lang, program);
  }
}

/** `--lang`, else what the learner's folder remembers, else the locale. */
function languageFor(args: readonly string[]): Language {
  const asked = languageOfArguments(args);
  if (asked !== undefined) return asked;
  try {
    const dir = flagValue(args, '--dir');
    return readState(learnerFolder(courseRootOf(), dir))?.lang ?? languageOfLocale(process.env);
  } catch {
    return languageOfLocale(process.env);
  }
}

function flagValue(args: readonly string[], flag: string): string | undefined {
  const at = args.findIndex(arg => arg === flag || arg.startsWith(`${flag}=`));
  if (at < 0) return undefined;
  return args[at]!.includes('=') ? args[at]!.slice(flag.length + 1) : args[at + 1];
}

/** Runs one command with a session and keeps its exit code. */
class Runner {
  exitCode = 0;
  readonly #program: Command;
  readonly #lang: Language;

  constructor(program: Command, lang: Language) {
    this.#program = program;
    this.#lang = lang;
  }

  async with(command: (session: Session) => number | Promise<number>): Promise<void> {
    this.exitCode = await command(this.#session());
  }

  #session(): Session {
    const { dir, lang } = this.#program.opts<GlobalOptions>();
    const courseRoot = courseRootOf();
    const folder = learnerFolder(courseRoot, dir);
    if (isLanguage(lang)) remember(folder, lang);
    return createSession({
      courseRoot,
      folder,
      lang: this.#lang,
      paint: paintFor(process.stdout),
      interactive: process.stdin.isTTY === true && process.stdout.isTTY === true && !process.env['CI'],
      columns: proseColumns(process.stdout),
      print: (text = '') => console.log(text),
    });
  }
}

function remember(folder: string, lang: Language): void {
  const state = readState(folder);
  if (state !== undefined && state.lang !== lang) writeState(folder, { ...state, lang });
}

function buildProgram(lang: Language, text: (key: MessageKey) => string): Command {
  const program = new Command('course');
  program
    .description(text('cliDescription'))
    .usage(text('cliUsage'))
    .option('--dir <path>', text('optDir'))
    .addOption(new Option('--lang <lang>', text('optLang')).choices(LANGUAGES))
    .helpOption('-h, --help', text('optHelp'))
    .helpCommand('help [command]', text('cmdHelp'))
    .addHelpText('after', `\n${text('cliExamples')}`)
    .allowExcessArguments(true)
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .configureHelp({ ...helpTitles(lang), sortSubcommands: false });
  return program;
}

/** Commander's own words in Chinese, and widths that know how wide Chinese is. */
function helpTitles(lang: Language): Partial<Help> {
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

function chapterArgument(lang: Language): (value: string) => number {
  return value => {
    const number = Number(value);
    if (!/^\d{1,2}$/.test(value)) throw new InvalidArgumentError(speak(lang, 'badChapter', { value }));
    return number;
  };
}

function wholeNumber(lang: Language): (value: string) => number {
  return value => {
    if (!/^\d+$/.test(value)) throw new InvalidArgumentError(speak(lang, 'badNumber', { value }));
    return Number(value);
  };
}

function addCommands(program: Command, text: (key: MessageKey) => string, run: Runner): void {
  const lang: Language = text('languageCode') === 'zh' ? 'zh' : 'en';
  const chapter = chapterArgument(lang);
  const number = wholeNumber(lang);
  const command = (usage: string, key: CommandKey): Command => {
    const made = program
      .command(usage)
      .description(text(`cmd_${key}`))
      .helpOption('-h, --help', text('optHelp'));
    return made.addHelpText('after', `\n${text(`ex_${key}`)}`).configureHelp(helpTitles(lang));
  };
  const N = '[N]';

  program.action(() => {
    const [unknown] = program.args;
    if (unknown !== undefined) throw new CommanderError(1, 'commander.unknownCommand', unknown);
    return run.with(async session => (await import('./learner/home.ts')).home(session));
  });
  command('start', 'start')
    .argument(N, text('argChapter'), chapter)
    .option('--build', text('optBuild'))
    .option('--follow', text('optFollow'))
    .option('--js', text('optJs'))
    .option('--ts', text('optTs'))
    .action((n: number | undefined, options) =>
      run.with(async session => (await import('./learner/start.ts')).start(session, { ...withChapter(n), ...options })),
    );
  command('check', 'check')
    .argument(N, text('argChapter'), chapter)
    .option('--all', text('optAll'))
    .option('--json', text('optJson'))
    .option('--verbose', text('optVerbose'))
    .action((n: number | undefined, options) =>
      run.with(async session => (await import('./learner/check.ts')).check(session, { ...withChapter(n), ...options })),
    );
  command('watch', 'watch').action(() =>
    run.with(async session => (await import('./learner/watch.ts')).watch(session)),
  );
  command('hint', 'hint')
    .argument(N, text('argChapter'), chapter)
    .option('--section <name>', text('optSection'))
    .option('--level <n>', text('optLevel'), number)
    .action((n: number | undefined, options) =>
      run.with(async session => (await import('./learner/hint.ts')).hint(session, { ...withChapter(n), ...options })),
    );
  command('diff', 'diff')
    .argument('[words...]', text('argDiff'))
    .action((words: string[]) =>
      run.with(async session => (await import('./learner/diff.ts')).diff(session, diffWords(words, chapter))),
    );
  command('solve', 'solve')
    .argument(N, text('argChapter'), chapter)
    .argument('[path]', text('argPath'))
    .option('--force', text('optForceSolve'))
    .option('--print', text('optPrint'))
    .action((n: number | undefined, path: string | undefined, options) =>
      run.with(async session =>
        (await import('./learner/solve.ts')).solve(session, {
          ...withChapter(n),
          ...(path === undefined ? {} : { path }),
          ...options,
        }),
      ),
    );
  command('goto', 'goto')
    .argument('<N>', text('argChapter'), chapter)
    .option('--force', text('optForceGoto'))
    .action((n: number, options) =>
      run.with(async session => (await import('./learner/goto.ts')).goTo(session, { chapter: n, ...options })),
    );
  command('play', 'play')
    .argument(N, text('argChapter'), chapter)
    .option('--fast', text('optFast'))
    .option('--no-wait', text('optNoWait'))
    .option('--apply', text('optApply'))
    .option('--from <block>', text('optFrom'), number)
    .action((n: number | undefined, options) =>
      run.with(async session => (await import('./learner/play.ts')).play(session, { ...withChapter(n), ...options })),
    );
  command('read', 'read')
    .argument(N, text('argChapter'), chapter)
    .option('--path', text('optPath'))
    .option('--raw', text('optRaw'))
    .option('--js', text('optReadJs'))
    .action((n: number | undefined, options) =>
      run.with(async session => (await import('./learner/read.ts')).read(session, { ...withChapter(n), ...options })),
    );
  command('challenge', 'challenge')
    .argument(N, text('argChapter'), chapter)
    .argument('[name]', text('argChallenge'))
    .action((n: number | undefined, name: string | undefined) =>
      run.with(async session =>
        (await import('./learner/challenge.ts')).challenge(session, {
          ...withChapter(n),
          ...(name === undefined ? {} : { name }),
        }),
      ),
    );
  command('lab', 'lab')
    .argument(N, text('argChapter'), chapter)
    .argument('[args...]', text('argLab'))
    .allowUnknownOption()
    .action((n: number | undefined, args: string[]) =>
      run.with(async session => (await import('./learner/lab.ts')).lab(session, { ...withChapter(n), args })),
    );
  command('bench', 'bench')
    .argument(N, text('argChapter'), chapter)
    .option('--json', text('optJson'))
    .action((n: number | undefined, options) =>
      run.with(async session => (await import('./learner/bench.ts')).bench(session, { ...withChapter(n), ...options })),
    );
  command('inspect', 'inspect')
    .argument('<directory>', text('argDirectory'))
    .option('--json', text('optJson'))
    .option('--limit <records>', text('optLimit'), number)
    .action((directory: string, options) =>
      run.with(async session =>
        (await import('./learner/inspect.ts')).inspect(session, resolve(standingIn(), directory), options),
      ),
    );
  command('doctor', 'doctor')
    .option('--json', text('optJson'))
    .action(options => run.with(async session => (await import('./learner/doctor.ts')).doctor(session, options)));
}

type CommandKey =
  | 'start'
  | 'check'
  | 'watch'
  | 'hint'
  | 'diff'
  | 'solve'
  | 'goto'
  | 'play'
  | 'read'
  | 'challenge'
  | 'lab'
  | 'bench'
  | 'inspect'
  | 'doctor';

const withChapter = (chapter: number | undefined): { chapter?: number } => (chapter === undefined ? {} : { chapter });

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

/** The authors' half of the program needs the compiler, so it is loaded only for a word that is no learner's command. */
async function addAuthorCommands(program: Command, args: readonly string[]): Promise<void> {
  const word = args.find((arg, index) => !arg.startsWith('-') && !VALUE_FLAGS.has(args[index - 1] ?? ''));
  if (word === undefined || program.commands.some(command => command.name() === word) || word === 'help') return;
  const { registerAuthorCommands } = await import('./author-commands.ts');
  registerAuthorCommands(program, courseRootOf());
}

const VALUE_FLAGS = new Set(['--dir', '--lang']);

/** Turns anything thrown into one message and an exit code. Only a bug of ours shows a stack. */
function report(error: unknown, lang: Language, program: Command): number {
  const text = (key: MessageKey, params = {}): string => speak(lang, key, params);
  if (error instanceof Stop) {
    (error.exitCode === 0 ? console.log : console.error)(error.message);
    return error.exitCode;
  }
  if (error instanceof CommanderError) return reportUsage(error, lang, program);
  if (error instanceof StateError) {
    console.error(`${error.message}\n${text('mendState')}`);
    return 1;
  }
  console.error(text('bug'));
  console.error(error);
  return 1;
}

function reportUsage(error: CommanderError, lang: Language, program: Command): number {
  if (error.exitCode === 0) return 0; // help was shown
  const known = program.commands.map(command => command.name());
  if (error.code === 'commander.unknownCommand') {
    const name = /'([^']+)'/.exec(error.message)?.[1] ?? error.message;
    const close = closest(name, known);
    console.error(speak(lang, 'unknownCommand', { name }));
    console.error(
      close === undefined
        ? speak(lang, 'knownCommands', { list: known.join(', ') })
        : speak(lang, 'didYouMean', { name: close }),
    );
    return 1;
  }
  console.error(usageMessage(error, lang));
  console.error(speak(lang, 'seeHelp'));
  return 1;
}

/** Commander's English sentences in the learner's language; what it does not know it leaves as it is. */
function usageMessage({ code, message }: CommanderError, lang: Language): string {
  const [, name = ''] = /'([^']+)'/.exec(message) ?? [];
  if (code === 'commander.unknownOption') return speak(lang, 'unknownOption', { name });
  if (code === 'commander.missingArgument') return speak(lang, 'missingArgument', { name });
  if (code === 'commander.optionMissingArgument') return speak(lang, 'optionNeedsValue', { name });
  const own = /is invalid(?: for argument '[^']*')?\. (.+)$/s.exec(message)?.[1];
  return own ?? message.replace(/^error: /, '');
}

/** The name that is nearest by edits, if it is near at all. */
function closest(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map(each => ({ each, distance: editDistance(name, each) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near !== undefined && near.distance <= Math.max(1, Math.floor(near.each.length / 2)) ? near.each : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

process.on('SIGINT', () => process.exit(INTERRUPTED));
// A reader of our output that has gone (`| head`) is no error.
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0);
});
main(process.argv.slice(2)).then(
  code => process.exit(code),
  error => {
    console.error(error);
    process.exit(1);
  },
);
