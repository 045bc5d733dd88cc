/**
 * OBJECT: what Redis would hold a value in. The encoding is a label that follows Redis's thresholds; how a value lies in
 * the engine is another matter.
 */
import type { EntryInfo } from '@zerocask/engine';
import { labelOf, SET_LABELS, STRING_LABELS, TYPE_SET, typeOf } from '../value-tag.ts';
import type { CommandContext } from './context.ts';
import type { Offsets } from './table.ts';

export function objectEncoding(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const entry = find(ctx, bytes, at);
  if (entry === undefined) ctx.reply.null();
  else ctx.reply.bulkLatin1(encodingName(entry.tag));
}

export function objectRefcount(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  replyNumber(ctx, find(ctx, bytes, at), 1);
}

/** The time of the last access is not kept: it would cost memory for every key. */
export function objectIdletime(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  replyNumber(ctx, find(ctx, bytes, at), 0);
}

export function objectFreq(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  if (find(ctx, bytes, at) === undefined) ctx.reply.null();
  else {
    ctx.reply.error(
      'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching ' +
        'between policies at runtime LRU and LFU data will take some time to adjust.',
    );
  }
}

function find(ctx: CommandContext, bytes: Buffer, at: Offsets): EntryInfo | undefined {
  return ctx.db.peek(bytes, at[4]!, at[5]!);
}

function replyNumber(ctx: CommandContext, entry: EntryInfo | undefined, value: number): void {
  if (entry === undefined) ctx.reply.null();
  else ctx.reply.integer(value);
}

function encodingName(tag: number): string {
  const labels: readonly string[] = typeOf(tag) === TYPE_SET ? SET_LABELS : STRING_LABELS;
  return labels[labelOf(tag)]!;
}

/** What OBJECT HELP says. */
export const OBJECT_HELP: readonly string[] = [
  'ENCODING <key>',
  '    Return the encoding that Redis would hold the value of <key> in.',
  'FREQ <key>',
  '    Return how often <key> is used; needs an LFU policy.',
  'IDLETIME <key>',
  '    Return the seconds since the last access to <key>; not kept here, always 0.',
  'REFCOUNT <key>',
  '    Return the number of references to the value of <key>.',
];
