/**
 * What a source file exports, found with regular expressions: enough to tell a learner which name is missing before a
 * test fails over it, and fast enough to do on every save. It reads text only and never runs the file.
 */
import { closest } from './nearest.ts';

const DECLARED =
  /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\s*\*?|class|const|let|var|interface|type|enum)\s+([\w$]+)/gm;
const LISTED = /^export\s+(?:type\s+)?\{([^}]*)\}/gm;

export interface Exports {
  readonly names: ReadonlySet<string>;
  /** `export * from`: any name may be there, so none is called missing. */
  readonly open: boolean;
}

export function exportsOf(source: string): Exports {
  const text = withoutComments(source);
  const names = new Set<string>();
  for (const [, name] of text.matchAll(DECLARED)) names.add(name!);
  for (const [, list] of text.matchAll(LISTED)) for (const name of listedNames(list!)) names.add(name);
  return { names, open: /^export\s+\*/m.test(text) };
}

// Comments at the start of a line only: a `//` may stand inside a string elsewhere.
const withoutComments = (source: string): string =>
  source.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '');

const listedNames = (list: string): string[] =>
  list
    .split(',')
    .map(part => part.trim().replace(/^type\s+/, ''))
    .filter(part => part !== '')
    .map(part => /\bas\s+([\w$]+)$/.exec(part)?.[1] ?? part);

/** Names in `wanted` that the file does not export; `Class.member` asks for the class and the member in it. */
export function missingNames(source: string, wanted: Iterable<string>): string[] {
  const { names, open } = exportsOf(source);
  return [...wanted].filter(name => {
    const [owner = '', member] = name.split('.');
    if (!open && !names.has(owner)) return true;
    return member !== undefined && !open && !hasMember(source, member);
  });
}

/** A line that begins a member of this name. In which class is not asked: a file has one, as a rule. */
function hasMember(source: string, member: string): boolean {
  const words = '(?:(?:static|async|get|set|override|readonly|public|declare)\\s+|\\*\\s*)*';
  return new RegExp(`^\\s+${words}${member.replace(/[$]/g, '\\$')}\\s*[?!]?\\s*[(<:=;]`, 'm').test(source);
}

/** What a file lacks of the names that are wanted of it. */
export interface MissingPart {
  readonly path: string;
  /** Names that are wanted and not exported; empty where the whole file is missing and no name is asked of it. */
  readonly names: readonly string[];
  readonly fileExists: boolean;
  /** Of these names, the ones that the file declares and does not export by name. */
  readonly unexported: readonly string[];
  /** Of these names, the ones in whose place the file exports something else. */
  readonly misnamed: ReadonlyArray<{ readonly wanted: string; readonly found: readonly string[] }>;
}

/** The names of a part that are nowhere to be seen. */
export const absentNames = ({ names, unexported, misnamed }: MissingPart): string[] =>
  names.filter(name => !unexported.includes(name) && !misnamed.some(each => each.wanted === name));

/** What `source`, the text of the file at `path`, lacks; undefined when nothing. `known`: other names that are right there. */
export function missingPart(
  path: string,
  source: string | undefined,
  wanted: readonly string[],
  known: Iterable<string> = [],
): MissingPart | undefined {
  if (source === undefined) return { path, names: wanted, fileExists: false, unexported: [], misnamed: [] };
  const names = missingNames(source, wanted);
  if (names.length === 0) return undefined;
  const unexported = names.filter(name => declares(source, name));
  const right = new Set([...wanted, ...known]);
  const others = [...exportsOf(source).names].filter(name => !right.has(name));
  // A file in which nothing is called as it should be may have been written by one's own lights; one of earlier chapters
  // has names of its own.
  const isAllWrong = names.length === wanted.length && right.size === wanted.length;
  const misnamed = names
    .filter(name => !unexported.includes(name))
    .map(name => ({ wanted: name, near: closest(name, others) }))
    .map(({ wanted: name, near }) => ({
      wanted: name,
      found: near === undefined ? (isAllWrong ? others : []) : [near],
    }))
    .filter(({ found }) => found.length > 0);
  return { path, names, fileExists: true, unexported, misnamed };
}

const declares = (source: string, name: string): boolean =>
  new RegExp(
    `^(?:export\\s+default\\s+)?(?:abstract\\s+|async\\s+)*(?:function\\s*\\*?|class|const|let|var|interface|type|enum)\\s+${name.replace(/[$]/g, '\\$')}\\b`,
    'm',
  ).test(withoutComments(source));

/** `import { a, type B, c as d } from '#engine/x.ts'` -> path and names, types left out; `#engine` as `engine/src`. */
export interface CourseImport {
  readonly path: string;
  readonly names: readonly string[];
}

const IMPORTED =
  /import\s+(type\s+)?(?:\{([^}]*)\}|\*\s+as\s+[\w$]+|[\w$]+)\s+from\s+'#(engine|redis-compat|sketch)\/([^']+)'/g;

export function courseImports(source: string): CourseImport[] {
  const found = [...source.matchAll(IMPORTED)].map(([, type, list = '', room, path]) => ({
    path: room === 'sketch' ? `sketch/${path}` : `${room}/src/${path}`,
    names: type ? [] : valueNames(list),
  }));
  return found;
}

const valueNames = (list: string): string[] =>
  list
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '' && !part.startsWith('type '))
    .map(part => part.split(/\s+as\s+/)[0]!);
