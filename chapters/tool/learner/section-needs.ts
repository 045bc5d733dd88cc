/**
 * Which names of the course a test needs, read from the checkpoint's text: those that its own lines mention, its section's
 * common lines, and the helpers of the checkpoint that these call. So a test of code that is not there yet can be told from
 * one that found a mistake, whatever the error looks like. Pure; a checkpoint is laid out by the formatter, which is all
 * that the regular expressions stand on.
 */
import { courseImports } from './exports.ts';

/** `path#name` for each name of the course that a test needs. */
export type Needs = (section: string, test: string) => ReadonlySet<string>;

export function needsOf(checkpoint: string): Needs {
  const imported = new Map(
    courseImports(checkpoint).flatMap(({ path, names }) => names.map(name => [name, `${path}#${name}`])),
  );
  const blocks = topLevelBlocks(checkpoint);
  const helpersIn = (texts: readonly string[]) =>
    texts.flatMap(text => namesDeclared(text).map(name => [name, text] as const));
  const shared = helpersIn(blocks);
  const needs = (text: string, inner: readonly string[]): Set<string> => {
    const words = closure(text, new Map([...shared, ...helpersIn(inner)]));
    return new Set([...imported].filter(([name]) => words.has(name)).map(([, id]) => id));
  };
  return (section, test) => {
    const block = blocks.find(text => titleOf(text, 'describe') === section);
    const inner = block === undefined ? blocks : innerBlocks(block);
    const own = inner.find(text => titleOf(text, 'test') === test);
    // A test whose name is put together in a loop is not found by it: then the whole section counts.
    if (own === undefined) return needs(block ?? checkpoint, []);
    const isCommon = (text: string): boolean => block !== undefined && /^\s*(?:before|after)/.test(text);
    return needs([own, ...inner.filter(isCommon)].join('\n'), inner);
  };
}

/** Cut before each line that begins at the margin with a word. */
const topLevelBlocks = (source: string): string[] =>
  source.split(/^(?=[a-z])/m).filter(text => !text.startsWith('import'));

const innerBlocks = (block: string): string[] => block.split(/^(?= {2}[a-z])/m).slice(1);

const titleOf = (text: string, word: 'describe' | 'test'): string | undefined => {
  const found = new RegExp(`^\\s*${word}(?:\\.\\w+)*\\(\\s*(?:'((?:[^'\\\\]|\\\\.)*)'|"((?:[^"\\\\]|\\\\.)*)")`).exec(
    text,
  );
  return (found?.[1] ?? found?.[2])?.replace(/\\(.)/g, '$1');
};

const namesDeclared = (text: string): string[] => {
  const [, plain, list] =
    /^\s*(?:async\s+)?(?:function\s*\*?|class|const|let)\s+(?:([\w$]+)|\{([^}]*)\})/.exec(text) ?? [];
  return plain === undefined ? (list ?? '').split(',').map(name => name.trim()) : [plain];
};

/** All words of a text, and of every helper that it mentions. */
function closure(text: string, helpers: ReadonlyMap<string, string>): Set<string> {
  const words = new Set<string>();
  const read = (part: string): void => {
    for (const [word] of part.matchAll(/[\w$]+/g)) {
      if (words.has(word)) continue;
      words.add(word);
      const helper = helpers.get(word);
      if (helper !== undefined) read(helper);
    }
  };
  read(text);
  return words;
}
