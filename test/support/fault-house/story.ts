/**
 * Story: what a workload does, step by step, and what had been promised at each moment: which changes had begun, which
 * had returned, and which must survive a power cut.
 *
 * The store of the story is a Map of texts. After each change the Map is kept, so what a store may hold after a crash is
 * a place in this history: not before the last change that was promised, not behind the last one that had begun.
 * Steps can be left out by number, so that a failing story can be made shorter.
 */

/** The worst that a change survives once its call has returned. */
export type Survives = 'nothing' | 'kill' | 'power cut';

/** What the sugar below needs of a database. */
export interface StoreUnderTest {
  put(key: string, value: string, options?: { readonly durability?: 'os' | 'disk' | 'memory' }): unknown;
  close(): Promise<unknown>;
  delete?(key: string): unknown;
  sync?(): Promise<unknown>;
}

/** One step, in the words of the workload; the numbers are calls to the disk made before it began, and ended. */
export interface Step {
  readonly number: number;
  readonly text: string;
  readonly begunAt: number;
  returnedAt: number | undefined;
}

/** How far the history had come at some moment: counts of changes. */
export interface Promises {
  readonly begun: number;
  /** Changes that survive a kill. */
  readonly returned: number;
  /** Changes that survive a power cut. */
  readonly synced: number;
}

interface Mark extends Promises {
  readonly atCall: number;
}

export class Story {
  /** Told whenever more has begun or is promised. */
  onMark: (promises: Promises) => void = () => {};
  readonly steps: Step[] = [];
  /** The store after each change, as text; first the empty one. */
  readonly states: string[];
  /** What each change was, in words; the first state has none. */
  readonly changes: string[] = [''];
  readonly #model: Map<string, string>;
  readonly #callsMade: () => number;
  readonly #leftOut: ReadonlySet<number>;
  readonly #marks: Mark[] = [{ atCall: 0, begun: 0, returned: 0, synced: 0 }];
  #nextNumber = 1;

  constructor(
    callsMade: () => number,
    leftOut: ReadonlySet<number> = new Set(),
    before: Iterable<[string, string]> = [],
  ) {
    this.#callsMade = callsMade;
    this.#leftOut = leftOut;
    this.#model = new Map(before);
    this.states = [stateText(this.#model)];
  }

  /** How far the history had come when call number `call` to the disk was made. */
  promisesAt(call: number): Promises {
    return this.#marks.findLast(mark => mark.atCall <= call)!;
  }

  /** A step that changes the store: `change` says how, `act` does it; once it has returned, the change survives that. */
  async change<T>(
    text: string,
    change: (model: Map<string, string>) => void,
    act: () => T | Promise<T>,
    survives: Survives = 'kill',
  ): Promise<T | undefined> {
    return this.#step(text, async () => {
      change(this.#model);
      const place = this.states.push(stateText(this.#model)) - 1;
      this.changes.push(text);
      this.#mark({ begun: place });
      const result = await act();
      if (survives !== 'nothing') this.#mark({ returned: place });
      if (survives === 'power cut') this.#mark({ synced: place });
      return result;
    });
  }

  /** A step after which everything before it survives a power cut. */
  async makesDurable<T>(text: string, act: () => T | Promise<T>): Promise<T | undefined> {
    return this.#step(text, async () => {
      const place = this.states.length - 1;
      const result = await act();
      this.#mark({ returned: place, synced: place });
      return result;
    });
  }

  /** A step that changes nothing in the store, like a merge. */
  async other<T>(text: string, act: () => T | Promise<T>): Promise<T | undefined> {
    return this.#step(text, async () => await act());
  }

  put(db: StoreUnderTest, key: string, value: string, durability?: 'os' | 'disk' | 'memory'): Promise<unknown> {
    const survives = durability === 'disk' ? 'power cut' : durability === 'memory' ? 'nothing' : 'kill';
    return this.change(
      `put ${key} = ${shortened(value)}${durability === undefined ? '' : ` (${durability})`}`,
      model => model.set(key, value),
      () => (durability === undefined ? db.put(key, value) : db.put(key, value, { durability })),
      survives,
    );
  }

  delete(db: StoreUnderTest, key: string): Promise<unknown> {
    return this.change(
      `delete ${key}`,
      model => model.delete(key),
      () => db.delete!(key),
    );
  }

  sync(db: StoreUnderTest): Promise<unknown> {
    return this.makesDurable('sync', () => db.sync!());
  }

  close(db: StoreUnderTest): Promise<unknown> {
    return this.makesDurable('close', () => db.close());
  }

  async #step<T>(text: string, act: () => Promise<T>): Promise<T | undefined> {
    const number = this.#nextNumber++;
    if (this.#leftOut.has(number)) return undefined;
    const step: Step = { number, text, begunAt: this.#callsMade(), returnedAt: undefined };
    this.steps.push(step);
    const result = await act();
    step.returnedAt = this.#callsMade();
    return result;
  }

  #mark(news: Partial<Promises>): void {
    const last = this.#marks.at(-1)!;
    const mark = {
      atCall: this.#callsMade(),
      begun: Math.max(last.begun, news.begun ?? 0),
      returned: Math.max(last.returned, news.returned ?? 0),
      synced: Math.max(last.synced, news.synced ?? 0),
    };
    this.#marks.push(mark);
    this.onMark(mark);
  }
}

/** A store as text: a line for each key, in the order of the keys. Two stores are equal when their texts are. */
export function stateText(pairs: Iterable<readonly [string, string]>): string {
  return Array.from(pairs, ([key, value]) => `${key}=${value}`)
    .sort()
    .join('\n');
}

/** A long value in a few letters. */
export function shortened(value: string): string {
  return value.length <= 12 ? value : `${value.slice(0, 6)}... (${value.length} bytes)`;
}
