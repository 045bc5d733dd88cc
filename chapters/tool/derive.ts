/**
 * Derive: from full versions of every file, snapshot by snapshot, what each chapter has to store and to list.
 *
 * It is the inverse of compose.ts and a pure function: an author writes snapshot k as plain files, and everything that the course keeps
 * about it (writes, removes, stored texts, pending.json, carried.json) follows. So what is stored is never written by hand.
 * Invariant: composing what was derived gives the versions back, byte for byte; deriving again changes nothing.
 */
import { createHash } from 'node:crypto';
import type { Carried, Write } from './catalog.ts';
import { isIndex } from './index-file.ts';
import { cut, label, type Piece, samePiece } from './pieces.ts';
import { numberKey, PENDING } from './writers.ts';

/** A chapter's snapshot, without its index files: path -> text. */
export interface Version {
  readonly number: number;
  readonly files: ReadonlyMap<string, string>;
}

export interface Derived {
  readonly writes: Map<string, Write>;
  readonly removes: string[];
  readonly stored: Map<string, { pieces: Piece[]; whole: boolean }>;
}

export interface DerivedCourse {
  /** By chapter number. */
  readonly chapters: ReadonlyMap<number, Derived>;
  readonly pending: ReadonlyMap<string, Write>;
  readonly carried: Carried;
}

/**
 * @param versions the snapshots of all chapters, in order
 * @param packages the packages as they stand
 */
export function derive(versions: readonly Version[], packages: ReadonlyMap<string, string>): DerivedCourse {
  const out = new Map<number, Derived>(versions.map(version => [version.number, emptyDerived()]));
  out.set(PENDING, emptyDerived());
  const holds: Record<string, Record<string, string[]>> = {};
  const successors: Record<string, Record<string, string>> = {};
  const paths = new Set([...versions.flatMap(version => [...version.files.keys()]), ...packages.keys()]);
  for (const path of [...paths].filter(p => !isIndex(p) && !p.startsWith('sketch/')).sort()) {
    const states = versions.map(version => state(version.number, path, version.files.get(path)));
    new FileDeriver(path, [...states, state(PENDING, path, packages.get(path))], out, holds, successors).run();
  }
  const pending = out.get(PENDING)?.writes ?? new Map<string, Write>();
  out.delete(PENDING);
  return { chapters: out, pending, carried: { holds: sorted(holds), successors: sorted(successors) } };
}

/** The hash under which carried.json knows a text. */
export function hashOf(piece: Piece): string {
  return createHash('sha256')
    .update(`${piece.hole ?? ''}:${piece.text}`)
    .digest('hex')
    .slice(0, 16);
}

interface State {
  number: number;
  pieces: Piece[] | undefined;
}

const emptyDerived = (): Derived => ({ writes: new Map(), removes: [], stored: new Map() });

function state(number: number, path: string, text: string | undefined): State {
  return { number, pieces: text === undefined ? undefined : cut(text, { path }) };
}

class FileDeriver {
  readonly path: string;
  readonly states: readonly State[];
  readonly out: Map<number, Derived>;
  readonly holds: Record<string, Record<string, string[]>>;
  readonly successors: Record<string, Record<string, string>>;
  /** For each symbol its writers so far, and the text that each gave it. */
  readonly texts = new Map<string, { number: number; piece: Piece }[]>();
  /** Which (chapter, symbol) texts have to be stored. */
  readonly keep = new Map<number, Map<string, Piece>>();
  readonly wholes = new Map<number, Piece[]>();
  lastWriter: number | undefined;

  constructor(
    path: string,
    states: readonly State[],
    out: Map<number, Derived>,
    holds: FileDeriver['holds'],
    successors: FileDeriver['successors'],
  ) {
    this.path = path;
    this.states = states;
    this.out = out;
    this.holds = holds;
    this.successors = successors;
  }

  run(): void {
    let before: Piece[] | undefined;
    for (const { number, pieces } of this.states) {
      if (before === undefined && pieces !== undefined) this.#begin(number, pieces);
      else if (before !== undefined && pieces === undefined) this.#end(number, before);
      else if (before !== undefined && pieces !== undefined) this.#change(number, before, pieces);
      before = pieces;
    }
    this.#store();
  }

  #begin(number: number, pieces: readonly Piece[]): void {
    this.#derived(number).writes.set(this.path, 'new');
    // A file of which no chapter teaches anything yet may grow freely: it is pending as a whole.
    if (number !== PENDING)
      record(
        this.holds,
        number,
        this.path,
        pieces.map(piece => label(piece.id)),
      );
    for (const piece of pieces) this.#write(number, piece);
    this.lastWriter = number;
  }

  #end(number: number, before: Piece[]): void {
    if (number !== PENDING) this.#derived(number).removes.push(this.path);
    this.#keepWhole(before);
    this.lastWriter = number;
  }

  #change(number: number, before: Piece[], after: readonly Piece[]): void {
    const old = new Map(before.map(piece => [piece.id, piece]));
    const now = new Map(after.map(piece => [piece.id, piece]));
    const written = after.filter(piece => !samePiece(old.get(piece.id), piece));
    const gone = before.filter(piece => !now.has(piece.id));
    const moved = !sameOrder(
      before.map(p => p.id),
      after.map(p => p.id),
    );
    if (written.length === 0 && gone.length === 0 && !moved) return;
    if (gone.length > 0 || moved) this.#keepWhole(before);
    for (const piece of gone) this.#derived(number).removes.push(`${this.path}#${label(piece.id)}`);
    for (const piece of written) this.#write(number, piece);
    // A chapter that only moves symbols writes the first of them, so that it counts as a writer of the file.
    const ids = written.length > 0 ? written.map(p => p.id) : gone.length > 0 ? [] : [movedSymbol(before, after)];
    if (ids.length > 0) this.#derived(number).writes.set(this.path, ids.map(label));
    this.lastWriter = number;
  }

  /** A symbol is written: the text that it had before has to be stored. */
  #write(number: number, piece: Piece): void {
    const texts = this.texts.get(piece.id) ?? [];
    const former = texts.at(-1);
    if (former !== undefined) {
      this.#keepPiece(former.number, former.piece);
      record(this.successors, former.number, `${this.path}#${label(piece.id)}`, hashOf(piece));
    }
    this.texts.set(piece.id, [...texts, { number, piece }]);
  }

  #keepWhole(before: Piece[]): void {
    if (this.lastWriter !== undefined) this.wholes.set(this.lastWriter, before);
  }

  #keepPiece(number: number, piece: Piece): void {
    const pieces = this.keep.get(number) ?? new Map<string, Piece>();
    pieces.set(piece.id, piece);
    this.keep.set(number, pieces);
  }

  #store(): void {
    for (const [index, { number, pieces }] of this.states.entries()) {
      const whole = this.wholes.get(number);
      const keep = this.keep.get(number);
      if (whole !== undefined) this.#derived(number).stored.set(this.path, { pieces: whole, whole: true });
      else if (keep !== undefined) {
        const order = (pieces ?? this.states[index - 1]?.pieces ?? []).map(piece => piece.id);
        const kept = order.flatMap(id => keep.get(id) ?? []);
        this.#derived(number).stored.set(this.path, { pieces: kept, whole: false });
      }
    }
  }

  #derived(number: number): Derived {
    const derived = this.out.get(number);
    if (derived === undefined) throw new Error(`no chapter ${number}`);
    return derived;
  }
}

/** Do the ids that both lists have come in the same order? */
export function sameOrder(before: readonly string[], after: readonly string[]): boolean {
  const [left, right] = common(before, after);
  return left.every((id, index) => id === right[index]);
}

function movedSymbol(before: readonly Piece[], after: readonly Piece[]): string {
  const [left, right] = common(
    before.map(p => p.id),
    after.map(p => p.id),
  );
  return right.find((id, index) => id !== left[index]) ?? '';
}

function common(before: readonly string[], after: readonly string[]): [string[], string[]] {
  const [old, now] = [new Set(before), new Set(after)];
  return [before.filter(id => now.has(id)), after.filter(id => old.has(id))];
}

function record<T>(table: Record<string, Record<string, T>>, number: number, key: string, value: T): void {
  const part = table[numberKey(number)] ?? {};
  part[key] = value;
  table[numberKey(number)] = part;
}

function sorted<T>(table: Record<string, Record<string, T>>): Record<string, Record<string, T>> {
  const byKey = <V>(object: Record<string, V>): [string, V][] =>
    Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(byKey(table).map(([key, value]) => [key, Object.fromEntries(byKey(value))]));
}
