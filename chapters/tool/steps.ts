/**
 * Steps: the states through which a chapter's lesson leads, one for each block, from snapshot k-1 to snapshot k.
 *
 * A block takes whole symbols. The first block of a new file brings its `imports`, the first method of a new class its shell; a block of
 * a file that exists names what it changes. Invariant: after the last block every written symbol has been taken once, and the files are
 * those of snapshot k; what is missing, doubled or out of order is a problem with the marker's line.
 */

import { CourseError } from './catalog.ts';
import { selectIds } from './draft.ts';
import { isIndex } from './index-file.ts';
import type { CodeMarker, Lesson, RemoveMarker } from './lesson.ts';
import { cut, IMPORTS, isShell, join, label, ownerOf, type Piece, samePiece } from './pieces.ts';
import { splitSymbol } from './writers.ts';

export type Pieces = readonly Piece[];

/** One block of a lesson: a file before and after it. */
export interface Step {
  readonly marker: CodeMarker | RemoveMarker;
  readonly path: string;
  readonly before: Pieces | undefined;
  /** Undefined when the step removes the file. */
  readonly after: Pieces | undefined;
  /** The file begins in this chapter. */
  readonly fresh: boolean;
  readonly ids: readonly string[];
}

export interface StepsOptions {
  /** Paths that are laid out at the start of the chapter and stand in no block. */
  readonly given: ReadonlySet<string>;
}

/** Walk through a lesson; problems name `place:line` or the symbol that stands in no block. */
export function stepsOf(
  lesson: Lesson,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  options: StepsOptions,
  problems: string[],
): Step[] {
  const walker = new Walker(lesson, before, after, options, problems);
  for (const item of lesson.items) {
    const problem = item.kind === 'code' ? walker.code(item) : item.kind === 'remove' ? walker.remove(item) : undefined;
    if (problem !== undefined) problems.push(`${lesson.place}:${item.line}: ${problem}`);
  }
  walker.finish();
  return walker.steps;
}

/** Paths that chapter.json gives whole; a given symbol stands in a block like any other and only counts differently. */
export function givenPaths(given: readonly string[]): Set<string> {
  return new Set(given.map(splitSymbol).flatMap(({ path, symbol }) => (symbol === undefined ? [path] : [])));
}

class Walker {
  readonly lesson: Lesson;
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
  readonly problems: string[];
  readonly given: ReadonlySet<string>;
  readonly steps: Step[] = [];
  readonly current = new Map<string, Pieces>();
  readonly target = new Map<string, Pieces>();
  readonly takenAt = new Map<string, number>();

  constructor(
    lesson: Lesson,
    before: ReadonlyMap<string, string>,
    after: ReadonlyMap<string, string>,
    options: StepsOptions,
    problems: string[],
  ) {
    this.lesson = lesson;
    this.before = before;
    this.after = after;
    this.problems = problems;
    this.given = options.given;
    for (const [path, text] of after) this.target.set(path, cut(text, { path }));
    for (const [path, text] of before) {
      const pieces = after.get(path) === text ? this.target.get(path) : cut(text, { path });
      if (pieces !== undefined) this.current.set(path, pieces);
    }
    for (const path of this.given) {
      const pieces = this.target.get(path);
      if (pieces !== undefined) this.current.set(path, pieces);
    }
  }

  /** Take a block's symbols over; what is wrong with the marker, if anything. */
  code(marker: CodeMarker): string | undefined {
    const target = this.target.get(marker.path);
    const fresh = !this.before.has(marker.path);
    if (this.given.has(marker.path)) return `${marker.path} is given; it stands in no block`;
    if (target === undefined) return `there is no ${marker.path} at the end of this chapter`;
    const ids = this.#idsOf(marker, target, fresh);
    if (typeof ids === 'string') return ids;
    const current = this.current.get(marker.path);
    const next = take(current ?? [], target, ids);
    const homeless = next.find(piece => lacksShell(piece, next));
    if (homeless !== undefined) return `\`${label(homeless.id)}\` comes before its class \`${ownerOf(homeless.id)}\``;
    for (const id of ids) this.takenAt.set(`${marker.path}#${id}`, marker.line);
    this.steps.push({ marker, path: marker.path, before: current, after: next, fresh, ids });
    this.current.set(marker.path, next);
    return undefined;
  }

  remove(marker: RemoveMarker): string | undefined {
    const before = this.current.get(marker.path);
    if (before === undefined) return `there is no ${marker.path} to remove`;
    if (this.target.has(marker.path)) return `${marker.path} stays in this chapter`;
    this.steps.push({ marker, path: marker.path, before, after: undefined, fresh: false, ids: [] });
    this.current.delete(marker.path);
    return undefined;
  }

  /** What should have been in a block and was in none. */
  finish(): void {
    for (const path of new Set([...this.current.keys(), ...this.target.keys()])) {
      const target = this.target.get(path);
      if (target === undefined) {
        this.problems.push(
          `${this.lesson.place}: ${path} goes in this chapter, and no <!-- remove: ${path} --> says so`,
        );
        continue;
      }
      const missing = this.#open(path, target);
      if (missing.length > 0) {
        const names = missing.map(id => `\`${label(id)}\``).join(', ');
        const verb = missing.length === 1 ? 'changes in this chapter and stands' : 'change in this chapter and stand';
        this.problems.push(`${this.lesson.place}: ${names} of ${path} ${verb} in no block`);
      }
      const current = this.current.get(path);
      if (missing.length > 0 || current === undefined || join(current) === join(target)) continue;
      const at = target.findIndex((piece, index) => piece.id !== current[index]?.id);
      this.problems.push(
        `${this.lesson.place}: the order of symbols in ${path} changes: a block has to name \`${label(target[at]?.id ?? '')}\`, which moves`,
      );
    }
  }

  /** The ids that a marker takes, or what is wrong with it. */
  #idsOf(marker: CodeMarker, target: Pieces, fresh: boolean): string[] | string {
    const current = this.current.get(marker.path) ?? [];
    const open = this.#open(marker.path, target);
    if (marker.names.length === 0 && (fresh || isIndex(marker.path))) {
      return open.length > 0 ? open : `nothing of ${marker.path} is left to show${this.#shownBefore(marker.path)}`;
    }
    if (marker.names.length === 0) {
      const names = open.map(label).join(', ');
      return `${marker.path} exists before this chapter: the marker has to name the symbols that change (${names})`;
    }
    const chosen = this.#chosen(marker, current, target, open);
    return typeof chosen === 'string' ? chosen : this.#withFrames(chosen, current, target, fresh);
  }

  #chosen(marker: CodeMarker, current: Pieces, target: Pieces, open: readonly string[]): string[] | string {
    const gone = current.filter(piece => !target.some(t => t.id === piece.id)).map(piece => piece.id);
    const known = [...target.map(piece => piece.id), ...gone];
    const chosen: string[] = [];
    for (const name of marker.names) {
      const ids = idsOrProblem(name, known, marker.path);
      if (typeof ids === 'string') return ids;
      const fresh = ids.filter(id => (open.includes(id) || isMove(id, current, target)) && !chosen.includes(id));
      const twice = ids.find(id => this.takenAt.has(`${marker.path}#${id}`));
      if (twice !== undefined && (fresh.length === 0 || !name.includes('..'))) {
        const line = this.takenAt.get(`${marker.path}#${twice}`);
        return `\`${label(twice)}\` of ${marker.path} already stands in the block of line ${line}`;
      }
      if (fresh.length === 0) return `\`${name}\` of ${marker.path} does not change in this chapter`;
      chosen.push(...fresh);
    }
    return chosen;
  }

  /** The first block of a file takes its imports, the first of a class its shell. */
  #withFrames(chosen: readonly string[], current: Pieces, target: Pieces, fresh: boolean): string[] {
    const ids = new Set(chosen);
    if (fresh && current.length === 0 && target[0]?.id === IMPORTS) ids.add(IMPORTS);
    for (const id of chosen) {
      const shell = `${ownerOf(id)}{`;
      if (ownerOf(id) !== undefined && !current.some(piece => piece.id === shell)) ids.add(shell);
    }
    return target
      .map(piece => piece.id)
      .filter(id => ids.has(id))
      .concat(chosen.filter(id => !target.some(p => p.id === id)));
  }

  /** Ids that differ from the target, those that go included. */
  #open(path: string, target: Pieces): string[] {
    const current = new Map((this.current.get(path) ?? []).map(piece => [piece.id, piece]));
    const goes = [...current.keys()].filter(id => !target.some(piece => piece.id === id));
    return [...target.filter(piece => !samePiece(current.get(piece.id), piece)).map(piece => piece.id), ...goes];
  }

  #shownBefore(path: string): string {
    const lines = [...this.takenAt].filter(([key]) => key.startsWith(`${path}#`)).map(([, line]) => line);
    return lines.length === 0 ? '' : `: its symbols already stand in the block of line ${Math.max(...lines)}`;
  }
}

function idsOrProblem(name: string, known: readonly string[], path: string): string[] | string {
  try {
    return selectIds([name], known, path);
  } catch (error) {
    if (error instanceof CourseError) return error.message;
    throw error;
  }
}

/** The file after the ids have been taken over from `target`: changed, moved to their place, or removed. */
export function take(current: Pieces, target: Pieces, ids: readonly string[]): Pieces {
  const order = target.map(piece => piece.id);
  const out = current.filter(piece => !ids.includes(piece.id) || staysInPlace(piece.id, current, target));
  for (const id of order.filter(each => ids.includes(each))) {
    const piece = target[order.indexOf(id)];
    if (piece === undefined) continue;
    const at = out.findIndex(other => other.id === id);
    if (at >= 0) out[at] = piece;
    else out.splice(placeFor(id, order, out), 0, piece);
  }
  return out;
}

/** Behind the nearest piece that stands above it in the target; a file's members stay with their class. */
function placeFor(id: string, order: readonly string[], out: readonly Piece[]): number {
  for (let at = order.indexOf(id) - 1; at >= 0; at--) {
    const index = out.findIndex(piece => piece.id === order[at]);
    if (index < 0) continue;
    return ownerOf(id) === undefined ? endOfClass(out, index) : index + 1;
  }
  return 0;
}

/** A top-level piece never comes between a class and members that go in this chapter but are still there. */
function endOfClass(out: readonly Piece[], index: number): number {
  const piece = out[index];
  const owner =
    piece === undefined ? undefined : (ownerOf(piece.id) ?? (isShell(piece.id) ? label(piece.id) : undefined));
  let end = index + 1;
  while (owner !== undefined && ownerOf(out[end]?.id ?? '') === owner) end++;
  return end;
}

function staysInPlace(id: string, current: Pieces, target: Pieces): boolean {
  return target.some(piece => piece.id === id) && !isMove(id, current, target);
}

/** Does this symbol stand elsewhere among the symbols that both versions have? */
function isMove(id: string, current: Pieces, target: Pieces): boolean {
  const left = current.map(p => p.id).filter(other => target.some(piece => piece.id === other));
  const right = target.map(p => p.id).filter(other => current.some(piece => piece.id === other));
  return left.includes(id) && left.indexOf(id) !== right.indexOf(id);
}

function lacksShell(piece: Piece, pieces: readonly Piece[]): boolean {
  const owner = ownerOf(piece.id);
  return owner !== undefined && !pieces.some(other => other.id === `${owner}{`);
}
