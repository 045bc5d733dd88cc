/**
 * The process of a lab: FILE [ARGS]. It runs the lab, and where the code under test lacks what the lab imports, or does not
 * parse, it says so in one line instead of a stack of calls.
 */
import { pathToFileURL } from 'node:url';
import { isLanguage } from './language.ts';
import { speak } from './messages.ts';

const [, , file] = process.argv;
process.argv.splice(1, 1); // The lab sees its own name and arguments.
try {
  await import(pathToFileURL(file!).href);
} catch (error) {
  const lang = isLanguage(process.env['ZEROCASK_LANG']) ? process.env['ZEROCASK_LANG'] : 'en';
  const { message } = error as Error;
  console.error(speak(lang, 'labDidNotRun', { error: message.split('\n')[0]! }));
  process.exitCode = 1;
}
