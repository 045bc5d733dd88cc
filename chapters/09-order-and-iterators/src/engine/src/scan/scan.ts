// superseded later: imports, walk, afterPrefix
/**
 * Scan: which keys a range means, and a walk over them in order.
 *
 * A walk looks at one key at a time, so it holds nobody up and needs no memory, and it may stop and go on after any change.
 * It meets ghosts too (see key-index.ts): whoever walks looks each key up.
 */

import { EngineError } from '../errors.ts';
import { type Input, toBuffer } from '../format/bytes.ts';
import type { KeyIndex } from '../keydir/key-index.ts';
import { type KeyString, toKeyString } from '../keydir/keydir.ts';
import { nextKey, type SkipList, type SkipNode } from '../keydir/skip-list.ts';

/** A walk over the keys of the range. */
export function walk({ order }: KeyIndex, range: Range): Walk {
  return new KeyWalk(order, boundsOf(range), range.reverse ?? false);
}

/** The first key behind all that begin with `prefix`; `undefined` when there is none, as after ff ff. */
function afterPrefix(prefix: KeyString): KeyString | undefined {
  for (let last = prefix.length - 1; last >= 0; last--) {
    const byte = prefix.charCodeAt(last);
    if (byte < 0xff) return (prefix.slice(0, last) + String.fromCharCode(byte + 1)) as KeyString;
  }
  return undefined;
}

