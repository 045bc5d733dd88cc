/**
 * LCS: the longest common subsequence of two strings, by the textbook table. The order in which ranges are reported, and
 * which of several subsequences of one length is found, are Redis's: the table is walked back from its last corner, and on
 * a tie the second string is shortened.
 */
import { copyOf, findString } from '../data-types/string.ts';
import { ReplyError, SYNTAX_ERROR, WRONG_TYPE } from '../protocol/errors.ts';
import { offsetAt } from './arguments.ts';
import type { CommandContext } from './context.ts';
import type { Offsets } from './table.ts';

interface LcsOptions {
  length: boolean;
  ranges: boolean;
  withMatchLength: boolean;
  minMatchLength: number;
}

/** A run of equal bytes: a[aStart .. aStart + length) is b[bStart .. bStart + length). */
interface Match {
  aStart: number;
  bStart: number;
  length: number;
}

/** Bytes of one number of the table. */
const CELL_SIZE = 4;

export function lcs(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const a = stringOrEmpty(ctx, bytes, at[2]!, at[3]!);
  const b = stringOrEmpty(ctx, bytes, at[4]!, at[5]!);
  const options = parseOptions(ctx);
  if ((a.length + 1) * (b.length + 1) * CELL_SIZE > ctx.server.config.protoMaxBulkLen) {
    throw new ReplyError('ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len');
  }
  const table = lengths(a, b);
  const length = table[table.length - 1]!;
  if (options.ranges) replyRanges(ctx, matches(a, b, table), length, options);
  else if (options.length) ctx.reply.integer(length);
  else replySubsequence(ctx, a, matches(a, b, table), length);
}

function parseOptions(ctx: CommandContext): LcsOptions {
  const options: LcsOptions = { length: false, ranges: false, withMatchLength: false, minMatchLength: 0 };
  for (let i = 3; i < ctx.argc; i++) {
    if (ctx.is(i, 'IDX')) options.ranges = true;
    else if (ctx.is(i, 'LEN')) options.length = true;
    else if (ctx.is(i, 'WITHMATCHLEN')) options.withMatchLength = true;
    else if (ctx.is(i, 'MINMATCHLEN') && i + 1 < ctx.argc) options.minMatchLength = offsetAt(ctx, ++i);
    else throw new ReplyError(SYNTAX_ERROR);
  }
  if (options.length && options.ranges) {
    throw new ReplyError('ERR If you want both the length and indexes, please just use IDX.');
  }
  return options;
}

/** A copy: both strings are needed at once, and a view holds only until the next lookup. */
function stringOrEmpty(ctx: CommandContext, bytes: Buffer, start: number, end: number): Buffer {
  try {
    return copyOf(findString(ctx.db, bytes, start, end));
  } catch (error) {
    if (!(error instanceof ReplyError) || error.message !== WRONG_TYPE) throw error;
    throw new ReplyError('ERR The specified keys must contain string values');
  }
}

/** Cell i * (b.length + 1) + j: the length for the first i bytes of `a` and the first j bytes of `b`. */
function lengths(a: Buffer, b: Buffer): Uint32Array {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const cell = i * width + j;
      if (a[i - 1] === b[j - 1]) table[cell] = table[cell - width - 1]! + 1;
      else table[cell] = Math.max(table[cell - width]!, table[cell - 1]!);
    }
  }
  return table;
}

/** The runs of equal bytes, last one first. */
function matches(a: Buffer, b: Buffer, table: Uint32Array): Match[] {
  const width = b.length + 1;
  const found: Match[] = [];
  let run: Match | undefined;
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      i--;
      j--;
      if (run !== undefined && run.aStart === i + 1 && run.bStart === j + 1) {
        run.aStart = i;
        run.bStart = j;
        run.length++;
      } else {
        run = { aStart: i, bStart: j, length: 1 };
        found.push(run);
      }
    } else if (table[(i - 1) * width + j]! > table[i * width + j - 1]!) {
      i--;
    } else {
      j--;
    }
  }
  return found;
}

function replySubsequence(ctx: CommandContext, a: Buffer, found: readonly Match[], length: number): void {
  const result = Buffer.allocUnsafe(length);
  let end = length;
  for (const match of found) {
    end -= match.length;
    a.copy(result, end, match.aStart, match.aStart + match.length);
  }
  ctx.reply.bulk(result);
}

function replyRanges(ctx: CommandContext, found: readonly Match[], length: number, options: LcsOptions): void {
  const reported = found.filter(match => match.length >= options.minMatchLength);
  ctx.reply.map(2);
  ctx.reply.bulkLatin1('matches');
  ctx.reply.array(reported.length);
  for (const match of reported) {
    ctx.reply.array(options.withMatchLength ? 3 : 2);
    replyRange(ctx, match.aStart, match.length);
    replyRange(ctx, match.bStart, match.length);
    if (options.withMatchLength) ctx.reply.integer(match.length);
  }
  ctx.reply.bulkLatin1('len');
  ctx.reply.integer(length);
}

function replyRange(ctx: CommandContext, start: number, length: number): void {
  ctx.reply.array(2);
  ctx.reply.integer(start);
  ctx.reply.integer(start + length - 1);
}
