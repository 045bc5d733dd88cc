// superseded later: imports
/**
 * SkipList: the keys of a space in the order of their bytes. A linked list with express lanes above it: every node is in
 * lane 0, about one in four of them also in lane 1, one in four of those in lane 2. A search runs along the highest lane
 * until the next key would be too far, and goes down.
 *
 *    lane 2   head ──────────────────────────> e ─────────────>
 *    lane 1   head ────────> b ──────────────> e ─────> g ────>
 *    lane 0   head ──> a ──> b ──> c ──> d ──> e ─> f ─> g ─> h
 *
 * Invariants: (1) each lane rises strictly, and a node in a lane is in every lane below it;
 *             (2) whoever holds a node may go on from it after any change: a node that was removed says so, and the way
 *                 on from it is then a search for its key.
 * Left out: rank and count (nobody counts what a lane jumps over), and memory: a node takes about 120 bytes.
 * Source: William Pugh, "Skip lists: a probabilistic alternative to balanced trees" (1990).
 */

import type { KeyString } from './keydir.ts';
