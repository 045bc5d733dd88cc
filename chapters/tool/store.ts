/**
 * The texts that a chapter keeps: `chapters/NN-slug/src/<path>` holds those pieces of a file that a later chapter replaces or removes.
 *
 * A stored file opens with one line that lists its pieces, then the pieces as plain TypeScript in file order. Methods whose class has no
 * shell here stand in a bare `class Name {}` that is no part of them. `the whole file` in the first line says that order counts too: the
 * file loses or reorders symbols later.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { type Chapter, listFiles } from './catalog.ts';
import { cut, IMPORTS, isShell, join, label, ownerOf, type Piece } from './pieces.ts';

export interface Stored {
  readonly pieces: readonly Piece[];
  readonly whole: boolean;
}

const PREFIX = '// superseded later: ';
const WHOLE = 'the whole file';

/** Everything chapter stores, by the path in the repository. Problems name the stored file. */
export function readStored(chapter: Chapter, problems: string[]): Map<string, Stored> {
  const out = new Map<string, Stored>();
  for (const path of listFiles(joinPath(chapter.dir, 'src'))) {
    const place = storedPlace(chapter, path);
    try {
      out.set(path, parseStored(readFileSync(joinPath(chapter.dir, 'src', path), 'utf8'), place));
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  return out;
}

/** Where a stored text stands, as messages name it. */
export const storedPlace = (chapter: Chapter, path: string): string => `chapters/${chapter.id}/src/${path}`;

/** The chapter's throw-away code: `sketch/...` paths and their texts. */
export function readSketches(chapter: Chapter): Map<string, string> {
  const out = new Map<string, string>();
  const dir = joinPath(chapter.dir, 'sketch');
  if (!existsSync(dir)) return out;
  for (const path of listFiles(dir)) {
    if (path.endsWith('.ts')) out.set(`sketch/${path}`, readFileSync(joinPath(dir, path), 'utf8'));
  }
  return out;
}

/** The stored file for these pieces. */
export function formatStored(pieces: readonly Piece[], whole: boolean): string {
  const first = `${PREFIX}${whole ? WHOLE : pieces.map(piece => label(piece.id)).join(', ')}\n`;
  return first + join(withShells(pieces));
}

/** @throws {Error} with `place:line` when the first line and the pieces below it disagree. */
export function parseStored(text: string, place: string): Stored {
  const end = text.indexOf('\n') + 1;
  if (!text.startsWith(PREFIX)) throw new Error(`${place}:1: a stored file opens with "${PREFIX}NAMES"`);
  const list = text.slice(PREFIX.length, end).trim();
  const whole = list === WHOLE;
  const names = whole ? [] : list.split(', ');
  const cutPieces = cut(text.slice(end), { header: whole || names.includes(IMPORTS), path: place });
  if (whole) return { pieces: cutPieces, whole };
  const pieces = cutPieces
    .filter(piece => !isShell(piece.id) || names.includes(label(piece.id)))
    .map((piece, index) => asListed(piece, names[index]));
  const found = pieces.map(piece => label(piece.id));
  for (const [index, name] of names.entries()) {
    if (found[index] === name) continue;
    if (!found.includes(name))
      throw new Error(`${place}: superseded text missing: \`${name}\` is listed in line 1 and stands nowhere below`);
    throw new Error(
      `${place}:1: the order of symbols differs: line 1 says \`${name}\`, then comes \`${found[index]}\``,
    );
  }
  const extra = found.find(name => !names.includes(name));
  if (extra !== undefined) throw new Error(`${place}: \`${extra}\` is not listed in line 1`);
  return { pieces, whole };
}

/** A piece's number tells it from others of its name (`verify`, `verify~2`), which need not be stored beside it. */
function asListed(piece: Piece, name: string | undefined): Piece {
  const number = /~\d+$/.exec(name ?? '')?.[0];
  return number !== undefined && `${label(piece.id)}${number}` === name
    ? { ...piece, id: `${piece.id}${number}` }
    : piece;
}

function withShells(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  for (const piece of pieces) {
    const owner = ownerOf(piece.id);
    const last = out.at(-1);
    const open = last !== undefined && (ownerOf(last.id) ?? label(last.id));
    if (owner !== undefined && open !== owner) {
      const head = `class ${owner} {\n`;
      out.push({ id: `${owner}{`, text: `${head}}\n`, hole: head.length });
    }
    out.push(piece);
  }
  return out;
}
