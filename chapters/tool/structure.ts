/**
 * Structure: what has to hold of chapters and packages before anything is run (the ninth proof, and what the others stand on).
 *
 * Every package symbol has one home, every stored text a successor, every edit of a successor has been carried back, symbols stand in the
 * order that the course knows, and no file lies about that nobody lists. Each problem begins with its place.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Course, listFiles, PACKAGES, twoDigits } from './catalog.ts';
import { chapterProblems } from './chapter-checks.ts';
import type { Composer } from './compose.ts';
import { derive, hashOf, sameOrder } from './derive.ts';
import { composeAll } from './draft.ts';
import type { FileHistory } from './file-history.ts';
import { isIndex } from './index-file.ts';
import { label, type Piece, resolveId } from './pieces.ts';
import { storedPlace } from './store.ts';
import { numberKey, PENDING, splitSymbol } from './writers.ts';

/** Everything that is wrong with the structure of the course. */
export function structureProblems(course: Course, composer: Composer): string[] {
  const problems = [
    ...lineEndings(course),
    ...chapterFiles(course),
    ...strayFiles(course, composer),
    ...composing(course, composer),
    ...composer.paths().flatMap(path => fileProblems(composer, composer.file(path))),
    ...lostTexts(course, composer),
    ...sketchProblems(course, composer),
    ...course.chapters.flatMap(chapter => chapterProblems(course, composer, chapter)),
  ];
  const found = [...new Set([...composer.problems, ...problems])];
  return found.length > 0 ? found : generatedFiles(course, composer);
}

/** The line of a package file on which a symbol begins, comments above it left out. */
export function lineOf(composer: Composer, path: string, id: string): number {
  const pieces = composer.packagePieces(path);
  let line = 1;
  for (const piece of pieces) {
    if (piece.id === id) return line + leadingLines(piece.text);
    line += piece.text.slice(0, piece.hole).split('\n').length - 1;
  }
  return line;
}

function leadingLines(text: string): number {
  const lines = text.split('\n');
  const first = lines.findIndex(line => line.trim() !== '' && !/^\s*(\/\*|\*|\/\/)/.test(line));
  return Math.max(first, 0);
}

function lineEndings(course: Course): string[] {
  const files = [
    ...PACKAGES.flatMap(folder => listFiles(join(course.root, folder)).map(path => `${folder}/${path}`)),
    ...course.chapters.flatMap(chapter => {
      const folder = `chapters/${chapter.id}`;
      return listFiles(join(course.root, folder)).map(path => `${folder}/${path}`);
    }),
    'chapters/pending.json',
    'chapters/carried.json',
  ];
  return files.flatMap(path => {
    if (!/\.(ts|json|md|txt)$/.test(path) || !existsSync(join(course.root, path))) return [];
    const at = readFileSync(join(course.root, path), 'utf8')
      .split('\n')
      .findIndex(line => line.endsWith('\r'));
    return at < 0 ? [] : [`${path}:${at + 1}: this line ends in CR LF; every file of the course has LF line endings`];
  });
}

function chapterFiles(course: Course): string[] {
  const out: string[] = [];
  for (const [index, chapter] of course.chapters.entries()) {
    if (chapter.number !== index) out.push(`chapters/${chapter.id}: chapter ${twoDigits(index)} is missing before it`);
    for (const name of ['README.md', 'README.zh.md', 'checkpoint.test.ts']) {
      if (!existsSync(join(chapter.dir, name))) out.push(`chapters/${chapter.id}/${name}: the file is missing`);
    }
  }
  return out;
}

function strayFiles(course: Course, composer: Composer): string[] {
  const out: string[] = [];
  for (const chapter of course.chapters) {
    for (const path of listFiles(join(chapter.dir, 'src'))) {
      const listed = chapter.writes.has(path) && !isIndex(path);
      if (!listed)
        out.push(`${storedPlace(chapter, path)}: a stray file: ${chapter.id}/chapter.json does not write ${path}`);
    }
    for (const path of listFiles(join(chapter.dir, 'sketch'))) {
      const listed = chapter.writes.get(`sketch/${path}`) === 'new';
      if (!listed)
        out.push(
          `chapters/${chapter.id}/sketch/${path}: a stray file: "writes" of chapter.json does not list it (course:sync adds it)`,
        );
    }
    for (const path of chapter.writes.keys()) {
      const lost = path.startsWith('sketch/') && !existsSync(join(chapter.dir, path));
      if (lost)
        out.push(`chapters/${chapter.id}/chapter.json: writes ${path}, and chapters/${chapter.id}/${path} is missing`);
    }
  }
  for (const path of composer.packages.keys()) {
    const listed = composer.writers.some(writer => writer.writes.has(path));
    if (!listed)
      out.push(
        `${path}: a stray file: it is in no chapter and not in chapters/pending.json (course:sync puts it there)`,
      );
  }
  return out;
}

function composing(course: Course, composer: Composer): string[] {
  for (const chapter of course.chapters) composer.snapshot(chapter.number);
  return composer.problems;
}

function fileProblems(composer: Composer, file: FileHistory): string[] {
  return [...unlisted(composer, file), ...orderProblems(composer, file), ...storedProblems(composer, file)];
}

function unlisted(composer: Composer, file: FileHistory): string[] {
  if (file.steps.length === 0) return [];
  const listed = new Set(file.steps.flatMap(step => [...step.ids]));
  return composer
    .packagePieces(file.path)
    .filter(piece => !listed.has(piece.id))
    .map(
      ({ id }) =>
        `${file.path}:${lineOf(composer, file.path, id)}: \`${label(id)}\` is in no chapter and not in chapters/pending.json (course:sync puts it there)`,
    );
}

/** The order in which a chapter began a file's symbols is the order in which they stand. */
function orderProblems(composer: Composer, file: FileHistory): string[] {
  const out: string[] = [];
  const known = composer.packagePieces(file.path).map(piece => piece.id);
  for (const { writer } of file.steps) {
    const stored = writer.stored.get(file.path);
    const order = wholeFrom(file, writer.number) ?? known;
    const place = order === known ? file.path : `${writer.name}: ${file.path}`;
    const holds = composer.course.carried.holds[numberKey(writer.number)]?.[file.path];
    const write = writer.writes.get(file.path);
    const resolve = (names: readonly string[]): string[] => names.map(name => resolveId(name, order) ?? name);
    const lists = [
      { ids: resolve(holds ?? []), says: 'the course has' },
      { ids: resolve(write === undefined || write === 'new' ? [] : write), says: `${writer.name} lists` },
      { ids: stored?.whole === false ? stored.pieces.map(piece => piece.id) : [], says: 'the stored text has' },
    ];
    for (const { ids, says } of lists) {
      if (sameOrder(ids, order)) continue;
      const [left, right] = [ids.filter(id => order.includes(id)), order.filter(id => ids.includes(id))];
      const at = left.findIndex((id, index) => id !== right[index]);
      const [moved = '', wanted = ''] = [right[at], left[at]];
      out.push(
        `${place}:${lineOf(composer, file.path, moved)}: the order of symbols changed: \`${label(moved)}\` stands before \`${label(wanted)}\`, ${says} it behind (course:sync takes the new order)`,
      );
    }
  }
  return out;
}

function wholeFrom(file: FileHistory, number: number): string[] | undefined {
  const whole = file.steps.find(
    ({ writer }) => writer.number >= number && writer.stored.get(file.path)?.whole === true,
  );
  return whole?.writer.stored.get(file.path)?.pieces.map(piece => piece.id);
}

function storedProblems(composer: Composer, file: FileHistory): string[] {
  const out: string[] = [];
  for (const { writer, ids } of file.steps) {
    const stored = writer.stored.get(file.path);
    if (stored === undefined || writer.chapter === undefined) continue;
    const place = storedPlace(writer.chapter, file.path);
    const later = file.steps.filter(step => step.writer.number > writer.number);
    if (
      stored.whole &&
      later.length === 0 &&
      composer.packages.has(file.path) &&
      !endsHere(composer, file, stored.pieces)
    ) {
      out.push(`${place}: a whole file is stored, and no later chapter changes it`);
    }
    for (const piece of stored.whole ? [] : stored.pieces) {
      const next = later.find(step => step.ids.has(piece.id));
      if (!ids.has(piece.id))
        out.push(`${place}: \`${label(piece.id)}\` is stored, and ${writer.name} does not write it`);
      else if (next === undefined) {
        out.push(
          `${place}: \`${label(piece.id)}\` is stored, and no later chapter replaces it: the package's own text counts`,
        );
      }
    }
    out.push(...carriedProblems(composer, file, writer.number, place));
  }
  return out;
}

/** The last version of a file differs from the package in what it lost, which pending.json can't list. */
function endsHere(composer: Composer, file: FileHistory, pieces: readonly Piece[]): boolean {
  const now = composer.packagePieces(file.path).map(piece => piece.id);
  const then = pieces.map(piece => piece.id);
  return then.some(id => !now.includes(id)) || !sameOrder(then, now);
}

/** The text that follows a stored one has not changed since the last carry. */
function carriedProblems(composer: Composer, file: FileHistory, number: number, place: string): string[] {
  const out: string[] = [];
  const known = composer.course.carried.successors[numberKey(number)] ?? {};
  for (const { id, piece, home } of successorsOf(composer, file, number)) {
    const recorded = known[`${file.path}#${label(id)}`];
    if (recorded === hashOf(piece)) continue;
    const where = home === file.path ? `${home}:${lineOf(composer, file.path, id)}` : home;
    const what =
      recorded === undefined ? 'chapters/carried.json does not know it' : `its edit is not carried back to ${place}`;
    out.push(`${where}: \`${label(id)}\` follows a stored text, and ${what} (npm run course:sync)`);
  }
  return out;
}

/** For each text that chapter `number` stores of a file: what follows it, and where that stands. */
export function successorsOf(
  composer: Composer,
  file: FileHistory,
  number: number,
): { id: string; stored: Piece; piece: Piece; home: string }[] {
  const own = file.steps.find(step => step.writer.number === number);
  const out: { id: string; stored: Piece; piece: Piece; home: string }[] = [];
  for (const stored of own?.writer.stored.get(file.path)?.pieces ?? []) {
    const next = file.steps.find(step => step.writer.number > number && step.ids.has(stored.id));
    if (next === undefined || own?.ids.has(stored.id) !== true) continue;
    const state = next.writer.number === PENDING ? undefined : file.at(next.writer.number, []);
    const pieces = state?.pieces ?? composer.packagePieces(file.path);
    const piece = pieces.find(each => each.id === stored.id);
    if (piece !== undefined) out.push({ id: stored.id, stored, piece, home: state?.homes.get(stored.id) ?? file.path });
  }
  return out;
}

/** Texts that carried.json knows and no chapter stores. */
function lostTexts(course: Course, composer: Composer): string[] {
  const out: string[] = [];
  for (const [key, texts] of Object.entries(course.carried.successors)) {
    const writer = composer.writers.find(each => numberKey(each.number) === key);
    for (const entry of Object.keys(texts)) {
      const { path, symbol = '' } = splitSymbol(entry);
      const stored = writer?.stored.get(path)?.pieces.some(piece => label(piece.id) === symbol) === true;
      if (stored) continue;
      const place =
        writer?.chapter === undefined ? `chapters/carried.json: chapter ${key}` : storedPlace(writer.chapter, path);
      out.push(
        `${place}: superseded text missing: \`${symbol}\` is written again later, so this chapter has to keep its own text of it`,
      );
    }
  }
  return out;
}

function sketchProblems(course: Course, composer: Composer): string[] {
  const out: string[] = [];
  const seen = new Map<string, string>();
  for (const chapter of course.chapters) {
    for (const path of composer.sketches.get(chapter.number)?.keys() ?? []) {
      const other = seen.get(path);
      if (other !== undefined)
        out.push(`chapters/${chapter.id}/${path}: chapters/${other}/${path} has the same name; sketches live for ever`);
      seen.set(path, chapter.id);
    }
  }
  for (const [path, text] of composer.packages) {
    const at = text.split('\n').findIndex(line => /from '[^']*sketch\//.test(line));
    if (at >= 0) out.push(`${path}:${at + 1}: a package never imports a sketch`);
  }
  return out;
}

/** pending.json, carried.json and every `writes` are what deriving them would say. */
function generatedFiles(course: Course, composer: Composer): string[] {
  const derived = derive(composeAll(course), composer.packages);
  const out: string[] = [];
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
    [...map].filter(([path]) => !isIndex(path) && !path.startsWith('sketch/')).sort(([a], [b]) => (a < b ? -1 : 1));
  if (!same(sorted(course.pending), sorted(derived.pending)))
    out.push(`chapters/pending.json: ${generated(course.pending, derived.pending)}`);
  if (!same(course.carried, derived.carried))
    out.push('chapters/carried.json: it is generated and out of date (npm run course:sync)');
  for (const chapter of course.chapters) {
    const own = derived.chapters.get(chapter.number);
    const place = `chapters/${chapter.id}/chapter.json`;
    if (own !== undefined && !same(sorted(chapter.writes), sorted(own.writes)))
      out.push(`${place}: "writes": ${generated(chapter.writes, own.writes)}`);
  }
  return out;
}

function generated(now: ReadonlyMap<string, unknown>, then: ReadonlyMap<string, unknown>): string {
  const paths = [...new Set([...now.keys(), ...then.keys()])];
  const path =
    paths.find(each => JSON.stringify(now.get(each)) !== JSON.stringify(then.get(each)) && !isIndex(each)) ?? '';
  return `${path} should be ${JSON.stringify(then.get(path)) ?? 'absent'} (npm run course:sync)`;
}
