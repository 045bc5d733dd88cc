// superseded later: imports, ownEntry, OverlayView, OverlayView.withValue
/**
 * OverlayView: how a transaction sees the keys: its own changes, and what lies beneath them, as of a step.
 *
 * A change of its own stands here as an entry like any other, whose record lies nowhere yet: it carries the change itself.
 */

import type { Change } from '../space/changes.ts';
import type { FileId } from '../disk/file-names.ts';
import type { Entry, KeyString } from '../keydir/keydir.ts';
import type { OpenSnapshot } from '../keydir/snapshots.ts';
import type { EntryWithValue, View } from '../scan/moment.ts';
import { entryOf } from '../recovery/replay.ts';
import type { Range, Walk } from '../scan/scan.ts';

/** What a change makes of its key in step number `step`. */
export function ownEntry(change: Change, step: number): OwnEntry {
  const nowhere = { fileId: 0 as FileId, recordOffset: 0, recordSize: 0 };
  return { ...entryOf({ ...change, seq: step }, nowhere), change };
}

/** The keys as a transaction sees them after a step. */
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

  withValue(entry: Entry): EntryWithValue {
    if (!isOwn(entry)) return this.#layer.beneath.withValue(entry);
    return { value: Buffer.from(entry.change.value), seq: 0 };
  }
}
