/**
 * redis.conf and the command line as settings, and back. Both have the same words: the option `--save 60 1` is the line
 * `save 60 1`.
 */
import type { Config, Setting } from './config.ts';
import { PARAMETERS } from './config-parameters.ts';
import { splitWords } from './protocol/inline-words.ts';

/** The settings of a file in redis.conf's syntax. `onBadLine` hears of a line with unbalanced quotes. */
export function parseConfigFile(text: string, onBadLine: (lineNumber: number, line: string) => never): Setting[] {
  return text.split('\n').flatMap((raw, i): Setting[] => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return [];
    const words = splitWords(Buffer.from(line)) ?? onBadLine(i + 1, line);
    return [toSetting(words.map(word => word.toString()))];
  });
}

/** The settings of `--name value ...`; each option reaches to the next word that begins with `--`. */
export function parseOptions(words: readonly string[]): Setting[] {
  const settings: string[][] = [];
  for (const word of words) {
    if (word.startsWith('--')) settings.push([...word.slice(2).split(/=(.*)/s, 2)]);
    else settings.at(-1)!.push(word);
  }
  return settings.map(toSetting);
}

const toSetting = ([name = '', ...words]: readonly string[]): Setting => [name, words];

/**
 * The file with the values of now: lines and comments stay where they are, a parameter has the value of now in its first
 * line, and one that differs from its default and has no line gets one at the end.
 */
export function rewriteConfigFile(text: string, config: Config): string {
  const written = new Set<string>();
  const lines = text.replace(/\n$/, '').split('\n');
  const kept = lines.flatMap(raw => {
    const name = raw.trim().split(/\s/, 1)[0]!.toLowerCase();
    const value = config.find([name]).get(name);
    if (value === undefined) return [raw];
    if (written.has(name)) return [];
    written.add(name);
    return [settingLine(name, value)];
  });
  const added = [...config.changed()].filter(([name]) => !written.has(name));
  return `${[...kept, ...added.map(([name, value]) => settingLine(name, value))].join('\n')}\n`;
}

/** Values of several words are written as words, others as one. */
function settingLine(name: string, value: string): string {
  const plain = /^[^\s"'\\]+$/.test(value) || (PARAMETERS[name]?.kind === 'words' && value !== '');
  return `${name} ${plain ? value : `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`}`;
}
