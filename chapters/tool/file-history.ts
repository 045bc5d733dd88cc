/**
 * The history of one file: which chapters write which of its symbols, and the file as it stands at the end of any of them.
 *
 * A symbol's text is that of the newest chapter that writes it: stored there if a later one writes it again, else taken from the next
 * version that is stored whole, else the package's. Order comes from there too.
 */
import type { Composer } from './compose.ts';
import { label, type Piece, resolveId } from './pieces.ts';
import { goneIn, numberKey, placeOf, type Writer } from './writers.ts';

/** The pieces of a file in one state, and for each the place where its text stands. */
export interface FileState {
  readonly pieces: readonly Piece[];
  readonly homes: ReadonlyMap<string, string>;
}

/** What the chapters do to one file. */
export class FileHistory {
  readonly path: string;
  readonly composer: Composer;
  /** Writers of the file, oldest first, with the ids that each writes. */
  readonly steps: readonly { writer: Writer; ids: ReadonlySet<string>; gone: ReadonlySet<string> | 'file' }[];

  constructor(path: string, composer: Composer) {
    this.path = path;
    this.composer = composer;
    const touching = composer.writers.filter(writer => writer.writes.has(path) || goneIn(writer, path) !== undefined);
    this.steps = touching.map(writer => ({
      writer,
      ids: this.#idsOf(writer, touching),
      gone: goneIn(writer, path) ?? new Set<string>(),
    }));
  }

  /** The file at the end of chapter k, `undefined` when it does not exist then. */
  at(k: number, problems: string[]): FileState | undefined {
    const steps = this.steps.filter(step => step.writer.number <= k);
    const newest = steps.at(-1);
    if (newest === undefined) return undefined;
    const alive = this.#alive(steps);
    if (alive.size === 0) return undefined;
    const base = this.#baseFrom(newest.writer.number);
    const byId = new Map(base.pieces.map(piece => [piece.id, piece]));
    for (const [id, writer] of alive) {
      if (!byId.has(id)) problems.push(this.#unknown(id, writer, base.place));
    }
    const pieces: Piece[] = [];
    const homes = new Map<string, string>();
    for (const { id } of base.pieces) {
      const writer = alive.get(id);
      const found = writer === undefined ? undefined : this.#text(id, writer, problems);
      if (found === undefined) continue;
      pieces.push(found.piece);
      homes.set(id, found.home);
    }
    return { pieces, homes };
  }

  /** For each symbol that exists after these steps the number of the chapter that wrote it last. */
  #alive(steps: FileHistory['steps']): Map<string, Writer> {
    const alive = new Map<string, Writer>();
    for (const step of steps) {
      if (step.gone === 'file') alive.clear();
      else for (const id of step.gone) alive.delete(id);
      for (const id of step.ids) alive.set(id, step.writer);
    }
    return alive;
  }

  /** The next version whose order is known: stored whole in chapter `number` or a later one, else the package's. */
  #baseFrom(number: number, id?: string): { pieces: readonly Piece[]; place: string } {
    for (const { writer } of this.steps) {
      const stored = writer.stored.get(this.path);
      if (writer.number < number || stored?.whole !== true) continue;
      if (id !== undefined && !stored.pieces.some(piece => piece.id === id)) continue;
      return { pieces: stored.pieces, place: placeOf(writer, this.path) };
    }
    return { pieces: this.composer.packagePieces(this.path), place: this.path };
  }

  #text(id: string, writer: Writer, problems: string[]): { piece: Piece; home: string } | undefined {
    const own = writer.stored.get(this.path)?.pieces.find(piece => piece.id === id);
    if (own !== undefined) return { piece: own, home: placeOf(writer, this.path) };
    const next = this.steps.find(step => step.writer.number > writer.number && step.ids.has(id));
    const base = this.#baseFrom(writer.number, id);
    if (next !== undefined && base.place === this.path) {
      problems.push(
        `${placeOf(writer, this.path)}: superseded text missing: \`${label(id)}\` is written again by ${next.writer.name}, so ${writer.name} has to keep its own text of it`,
      );
      return undefined;
    }
    const piece = base.pieces.find(candidate => candidate.id === id);
    return piece === undefined ? undefined : { piece, home: base.place };
  }

  #unknown(id: string, writer: Writer, base: string): string {
    const json = writer.chapter === undefined ? 'chapters/pending.json' : `chapters/${writer.chapter.id}/chapter.json`;
    return `${json}: writes \`${label(id)}\` of ${this.path}, which ${base} does not have`;
  }

  #idsOf(writer: Writer, touching: readonly Writer[]): Set<string> {
    const write = writer.writes.get(this.path);
    const own = writer.stored.get(this.path)?.pieces.map(piece => piece.id) ?? [];
    const known = [...own, ...this.#known(touching)];
    const out = new Set<string>();
    if (write === undefined) return out;
    if (write !== 'new') {
      for (const name of write) out.add(resolveId(name, known) ?? name);
      return out;
    }
    const holds = this.composer.course.carried.holds[numberKey(writer.number)]?.[this.path];
    if (holds !== undefined) for (const name of holds) out.add(resolveId(name, known) ?? name);
    if (holds !== undefined) return out;
    return new Set([...own, ...this.#unclaimed(writer, touching)]);
  }

  /** Before `course sync` has written down what a new file holds: its symbols that nobody else lists. */
  #unclaimed(writer: Writer, touching: readonly Writer[]): string[] {
    const claimed = new Set<string>();
    for (const other of touching) {
      const write = other.writes.get(this.path);
      if (other === writer || write === undefined || write === 'new') continue;
      for (const name of write) claimed.add(resolveId(name, this.#known(touching)) ?? name);
    }
    if (touching.some(other => other !== writer && other.writes.get(this.path) === 'new')) return [];
    return this.composer
      .packagePieces(this.path)
      .map(piece => piece.id)
      .filter(id => !claimed.has(id));
  }

  #known(touching: readonly Writer[]): string[] {
    const stored = touching.flatMap(writer => writer.stored.get(this.path)?.pieces ?? []);
    return [...this.composer.packagePieces(this.path), ...stored].map(piece => piece.id);
  }
}
