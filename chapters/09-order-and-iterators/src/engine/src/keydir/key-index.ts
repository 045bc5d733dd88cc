// superseded later: imports, KeyIndex, KeyIndex.build, KeyIndex.put, KeyIndex.delete
/**
 * KeyIndex: all that is known of the keys: the keydir, their order, and the old versions that snapshots still see. Every
 * change of a keydir goes through here.
 *
 * Invariant: the order has every key of the keydir, and every key of which an old version is kept: a *ghost*, which those
 * who walk the order skip, as they look each key up anyway.
 */

import { History } from './history.ts';
import type { Entry, Keydir, KeyString } from './keydir.ts';
import { SkipList } from './skip-list.ts';

/** The keydir, the order of its keys, and their old versions. */
export class KeyIndex {
  readonly keydir: Keydir;
  readonly order: SkipList = new SkipList();
  readonly history: History = new History(key => {
    if (this.keydir.get(key) === undefined) this.order.remove(key);
  });

  /** An index with the keys of a keydir that is its own from now on, and in no order yet. */
  private constructor(keydir: Keydir) {
    this.keydir = keydir;
  }

  /** The index of a keydir that is whole. Its keys are sorted once, which costs less than putting one after another. */
  static build(keydir: Keydir): KeyIndex {
    const index = new KeyIndex(keydir);
    const keys: KeyString[] = [];
    for (const entry of keydir.entries()) keys.push(entry.key);
    keys.sort(); // Characters below 256 compare like the bytes they stand for.
    for (const key of keys) index.order.add(key);
    return index;
  }

  /** Make this the entry of its key; returns the one it has replaced. */
  put(entry: Entry): Entry | undefined {
    const older = this.keydir.get(entry.key);
    this.keydir.put(entry);
    if (older !== undefined) this.history.keep(older, entry.seq);
    else if (!this.history.has(entry.key)) this.order.add(entry.key);
    return older;
  }

  /** The change with this seq removes a key; returns the entry that it had. */
  delete(key: KeyString, seq: number): Entry | undefined {
    const older = this.keydir.get(key);
    if (older === undefined) return undefined;
    this.keydir.delete(key);
    this.history.keep(older, seq);
    if (!this.history.has(key)) this.order.remove(key);
    return older;
  }
}
