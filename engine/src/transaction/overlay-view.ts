/**
 * OverlayView: how a transaction sees a space: its own changes, and what lies beneath them, as of a step.
 *
 * A change of its own stands here as an entry like any other, whose record lies nowhere yet: it carries the change itself.
 */

import type { FileId } from '../disk/file-names.ts';
import type { SpaceOrder } from '../keydir/key-index.ts';
import type { Entry, KeyString } from '../keydir/keydir.ts';
import type { OpenSnapshot } from '../keydir/snapshots.ts';
import type { EntryWithValue, View } from '../scan/moment.ts';
import type { Range, Walk } from '../scan/scan.ts';
import type { Change } from '../space/changes.ts';

/** A version of a key that the transaction has made, or its removal. Its seq is the step that made it. */
export interface OwnEntry extends Entry {
  readonly change: Change;
}

/** Whether the transaction has made this entry itself. */
export const isOwn = (entry: Entry): entry is OwnEntry => 'change' in entry;

/** What a change makes of its key in step number `step`. */
export function ownEntry(change: Change, step: number): OwnEntry {
  const { name, tag, expiresAtMs, orderKey, value } = change;
  const place = { fileId: 0 as FileId, recordOffset: 0, recordSize: 0, valueSeq: step };
  return { key: name, seq: step, tag, expiresAtMs, orderKey, valueSize: value.length, ...place, change };
}

/** What a view asks of the changes it looks at. */
export interface Layer {
  readonly beneath: View;
  /** What the transaction saw of a key after this step. */
  find(key: KeyString, step: number): Entry | undefined;
  walk(range: Range): Walk;
  assertOpen(): void;
}

/** A space as a transaction sees it after a step. */
export class OverlayView implements View {
  /** What keeps the versions of that step. */
  readonly moment: OpenSnapshot | undefined;
  readonly #layer: Layer;
  readonly #step: number;

  constructor(layer: Layer, step: number, moment?: OpenSnapshot) {
    this.#layer = layer;
    this.#step = step;
    this.moment = moment;
  }

  get orderName(): SpaceOrder {
    return this.#layer.beneath.orderName;
  }

  find(key: KeyString): Entry | undefined {
    return this.#layer.find(key, this.#step);
  }

  walk(range: Range): Walk {
    return this.#layer.walk(range);
  }

  valueOf(entry: Entry): Buffer {
    return isOwn(entry) ? Buffer.from(entry.change.value) : this.#layer.beneath.valueOf(entry);
  }

  withValue(entry: Entry): EntryWithValue {
    if (!isOwn(entry)) return this.#layer.beneath.withValue(entry);
    const { value, tag, expiresAtMs, orderKey } = entry.change;
    return {
      value: Buffer.from(value),
      seq: 0,
      tag,
      ...(expiresAtMs !== 0 && { expiresAtMs }),
      ...(orderKey !== undefined && { orderKey: Buffer.from(orderKey) }),
    };
  }

  isDue(expiresAtMs: number): boolean {
    return this.#layer.beneath.isDue(expiresAtMs);
  }

  assertOpen(): void {
    this.#layer.assertOpen();
  }
}
