/**
 * What goes wrong on the command line, in one friendly sentence and in the learner's language: unknown commands with the
 * nearest one, wrong options and numbers, a stop that a command asked for. Only a bug of ours shows a stack.
 */
import { CommanderError } from 'commander';
import { type Language, listed } from './language.ts';
import { type MessageKey, speak } from './messages.ts';
import { closest } from './nearest.ts';
import { Stop } from './session.ts';
import { StateError } from './state.ts';

/** Turns anything thrown into one message and an exit code; `learners` are the commands to name. Only a bug of ours shows a stack. */
export function report(error: unknown, lang: Language, learners: readonly string[]): number {
  const text = (key: MessageKey, params = {}): string => speak(lang, key, params);
  if (error instanceof Stop) {
    (error.exitCode === 0 ? console.log : console.error)(error.message);
    return error.exitCode;
  }
  if (error instanceof CommanderError) return reportUsage(error, lang, learners);
  if (error instanceof StateError) {
    console.error(`${error.message}\n${text('mendState')}`);
    return 1;
  }
  console.error(text('bug'));
  console.error(error);
  return 1;
}

function reportUsage(error: CommanderError, lang: Language, known: readonly string[]): number {
  if (error.exitCode === 0) return 0; // help was shown
  if (error.code === 'commander.unknownCommand') {
    const name = /'([^']+)'/.exec(error.message)?.[1] ?? error.message;
    const close = closest(name, known);
    console.error(speak(lang, 'unknownCommand', { name }));
    console.error(
      close === undefined
        ? speak(lang, 'knownCommands', { list: listed(lang, known) })
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
  if (code === 'commander.excessArguments') return speak(lang, 'tooManyArguments');
  const [, value, list] = /argument '([^']*)' is invalid\. Allowed choices are (.+?)\.$/.exec(message) ?? [];
  if (value !== undefined) return speak(lang, 'badChoice', { value, list: listed(lang, list!.split(', ')) });
  const own = /is invalid(?: for argument '[^']*')?\. (.+)$/s.exec(message)?.[1];
  return own ?? message.replace(/^error: /, '');
}
