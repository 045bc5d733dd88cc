/**
 * The course program: `npm run course`. It decides the language and the folder and hands over to learner/commands.ts;
 * the commands of the course's authors (weave, prove, sync ...) come from author-commands.ts.
 */
import { Command, CommanderError, Option } from 'commander';
import { addLearnerCommands, helpTitles } from './learner/commands.ts';
import { isLanguage, LANGUAGES, type Language, languageOfArguments, languageOfLocale } from './learner/language.ts';
import { type MessageKey, speak } from './learner/messages.ts';
import { courseRootOf, learnerFolder } from './learner/places.ts';
import { createSession, type Session } from './learner/session.ts';
import { readState, writeState } from './learner/state.ts';
import { paintFor, proseColumns } from './learner/terminal.ts';
import { report } from './learner/usage.ts';

interface GlobalOptions {
  readonly dir?: string;
  readonly lang?: string;
}

const INTERRUPTED = 130;

async function main(args: readonly string[]): Promise<number> {
  const lang = languageFor(args);
  const program = buildProgram(lang);
  let exitCode = 0;
  const run = async (command: (session: Session) => number | Promise<number>): Promise<void> => {
    exitCode = await command(sessionOf(program.opts<GlobalOptions>(), lang));
  };
  program.action(() => {
    const [unknown] = program.args;
    if (unknown !== undefined) throw new CommanderError(1, 'commander.unknownCommand', unknown);
    return run(async session => (await import('./learner/home.ts')).home(session));
  });
  addLearnerCommands(program, lang, run);
  const learners = program.commands.map(command => command.name());
  try {
    await addAuthorCommands(program, args);
    await program.parseAsync(args, { from: 'user' });
    return exitCode || Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error, lang, learners);
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

function sessionOf(options: GlobalOptions, lang: Language): Session {
  const courseRoot = courseRootOf();
  const folder = learnerFolder(courseRoot, options.dir);
  if (isLanguage(options.lang)) remember(folder, options.lang);
  return createSession({
    courseRoot,
    folder,
    lang,
    paint: paintFor(process.stdout),
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true && !process.env['CI'],
    columns: proseColumns(process.stdout),
    print: (text = '') => console.log(text),
  });
}

function remember(folder: string, lang: Language): void {
  const state = readState(folder);
  if (state !== undefined && state.lang !== lang) writeState(folder, { ...state, lang });
}

function buildProgram(lang: Language): Command {
  const text = (key: MessageKey): string => speak(lang, key);
  return new Command('course')
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
}

/** The authors' half of the program needs the compiler, so it is loaded only for a word that is no learner's command. */
async function addAuthorCommands(program: Command, args: readonly string[]): Promise<void> {
  const word = args.find((arg, index) => !arg.startsWith('-') && !VALUE_FLAGS.has(args[index - 1] ?? ''));
  if (word === undefined || word === 'help' || program.commands.some(command => command.name() === word)) return;
  const { registerAuthorCommands } = await import('./author-commands.ts');
  registerAuthorCommands(program, courseRootOf());
}

const VALUE_FLAGS = new Set(['--dir', '--lang']);

process.on('SIGINT', () => process.exit(INTERRUPTED));
// A reader of our output that has gone (`| head`) is no error.
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(0);
});
main(process.argv.slice(2)).then(
  // Where a pipe is written in the background, the last lines have to leave first.
  code => process.stdout.write('', () => process.exit(code)),
  error => {
    console.error(error);
    process.exit(1);
  },
);
