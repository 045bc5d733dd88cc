/**
 * Any files may be merged, in any order, at any time, while anything else goes on: what the store holds stays the same, and
 * so does what the next opening finds, with hints or without. Random histories against a model.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHintFileName } from '../../../engine/src/disk/file-names.ts';
import type { Space } from '../../../engine/src/index.ts';
import { SimulatedDisk } from '../../support/fault-house/index.ts';
import { openParts, type StoreParts } from '../../support/store-parts.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

interface KeyChange {
  readonly do: 'put' | 'delete' | 'expire' | 'persist' | 'deleteRange';
  readonly space: number;
  readonly key: string;
  readonly to: string;
}
interface SpaceChange {
  readonly do: 'create' | 'drop' | 'wait';
  readonly space: number;
}
type Change = KeyChange | SpaceChange;

type Step =
  | Change
  | {
      readonly do: 'merge';
      /** Which of the sealed files: one bit for each. */
      readonly which: number;
      /** What happens while the merge is at work; between two of them it goes on a little. */
      readonly meanwhile: readonly Change[];
    }
  | { readonly do: 'reopen'; readonly how: 'close' | 'kill' | 'power cut'; readonly hints: 'kept' | 'gone' };

const key = fc.constantFrom('a', 'b', 'c', 'd', '\u00ff');
const space = fc.constantFrom(0, 0, 0, 1, 2);
const keyChanges = ['put', 'put', 'put', 'put', 'delete', 'delete', 'expire', 'persist', 'deleteRange'] as const;
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom(...keyChanges), key, to: key, space }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('create' as const, 'drop' as const, 'wait' as const), space }),
  },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: change },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('merge' as const),
      which: fc.nat(255),
      meanwhile: fc.array(change, { maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('reopen' as const),
      how: fc.constantFrom('close' as const, 'kill' as const, 'power cut' as const),
      hints: fc.constantFrom('kept' as const, 'gone' as const),
    }),
  },
);

/** Key, value, expiry and seq of each key of each space. */
type State = string;

class Run {
  #disk: SimulatedDisk;
  #parts!: StoreParts;
  #now = 1_000;
  #count = 0;

  constructor(root: string) {
    this.#disk = new SimulatedDisk(root);
  }

  async open(): Promise<void> {
    const options = { fs: this.#disk, maxDataFileSize: 90, durability: 'disk', now: () => this.#now } as const;
    this.#parts = await openParts(this.#disk.root, options);
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'merge') await this.#merge(step.which, step.meanwhile);
    else if (step.do === 'reopen') await this.#reopen(step.how, step.hints);
    else this.#change(step);
  }

  #change(step: Change): void {
    if (step.do === 'wait') {
      this.#now += 100;
      return;
    }
    const { spaces } = this.#parts;
    const space = spaces.find(step.space);
    if (step.do === 'create') spaces.create('key');
    else if (space === undefined) return;
    else if ('key' in step) this.#changeKeys(space, step);
    else if (space.id !== 0) spaces.drop(space.id);
  }

  #changeKeys(space: Space, step: KeyChange): void {
    if (step.do === 'put') space.put(step.key, `value ${++this.#count}`);
    else if (step.do === 'delete') space.delete(step.key);
    else if (step.do === 'expire') space.expire(step.key, 150);
    else if (step.do === 'persist') space.persist(step.key);
    else space.deleteRange({ gte: step.key, lt: step.to });
  }

  /** Merge some of the sealed files, while these changes are made. */
  async #merge(which: number, meanwhile: readonly Change[]): Promise<void> {
    await this.#parts.commit.beginFile();
    const files = this.#parts.sealed().filter((_, i) => (which >> (i % 8)) & 1);
    const before = this.state;
    const merge = this.#parts.merger.mergeFiles(files);
    for (const change of meanwhile) {
      await new Promise(setImmediate);
      this.#change(change);
    }
    const expected = meanwhile.length === 0 ? before : this.state;
    await merge;
    await new Promise(setImmediate);
    expect(this.state).toBe(expected);
  }

  async #reopen(how: 'close' | 'kill' | 'power cut', hints: 'kept' | 'gone'): Promise<void> {
    const before = this.state;
    const { root } = this.#disk;
    if (how === 'close') await this.#parts.close();
    const disk = this.#disk.copy(root);
    const left = how === 'power cut' ? this.#disk.cutPower({ bytes: 'lost', names: 'lost' }, root) : disk;
    if (how !== 'close') await this.#parts.close();
    for (const name of left.list(root)) if (hints === 'gone' && isHintFileName(name)) left.remove(`${root}/${name}`);
    this.#disk = left;
    await this.open();
    const { warnings } = this.#parts.report; // Hints are not synced: a power cut may leave them empty.
    expect(warnings.filter(warning => how !== 'power cut' || !warning.includes('.hint'))).toEqual([]);
    expect(this.#parts.report.cut).toEqual([]);
    expect(this.state).toBe(before);
  }

  get state(): State {
    const { spaces } = this.#parts;
    const rows = spaces.all().map(space => [
      space.id,
      Array.from(space.entries(), ([key, value]) => {
        const { seq, expiresAtMs } = space.getEntry(key)!;
        return `${key.toString('latin1')}=${String(value)}@${seq}!${expiresAtMs ?? ''}`;
      }),
    ]);
    return JSON.stringify(rows);
  }

  async end(): Promise<void> {
    await this.#reopen('close', 'kept');
    await this.#parts.close();
  }
}

describe('merges of any files', () => {
  test('in any order, with changes meanwhile, crashes and hints or none, change nothing', async () => {
    const root = temporaryDirectory('subsets');
    const history = fc.array(step, { minLength: 5, maxLength: 60, size: 'max' });
    await fc.assert(
      fc.asyncProperty(history, async steps => {
        const run = new Run(root);
        await run.open();
        for (const step of steps) await run.take(step);
        await run.end();
      }),
      { numRuns: 100 },
    );
  });
});
