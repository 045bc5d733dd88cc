/**
 * The expiry of keys: EXPIRE, TTL and their relatives. An expiry is a patch of its own in the log; no value is written again.
 */
import { ReplyError } from '../protocol/errors.ts';
import { expiryAt } from './arguments.ts';
import type { CommandContext } from './context.ts';
import type { Offsets } from './table.ts';

/** The conditions of EXPIRE. */
interface ExpireCondition {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
}

export function expire(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  changeExpiry(ctx, bytes, at, 1000, ctx.now, 'expire');
}

export function pexpire(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  changeExpiry(ctx, bytes, at, 1, ctx.now, 'pexpire');
}

export function expireat(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  changeExpiry(ctx, bytes, at, 1000, 0, 'expireat');
}

export function pexpireat(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  changeExpiry(ctx, bytes, at, 1, 0, 'pexpireat');
}

export function ttl(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  replyExpiry(ctx, bytes, at, 1000, ctx.now);
}

export function pttl(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  replyExpiry(ctx, bytes, at, 1, ctx.now);
}

export function expiretime(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  replyExpiry(ctx, bytes, at, 1000, 0);
}

export function pexpiretime(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  replyExpiry(ctx, bytes, at, 1, 0);
}

export function persist(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const entry = ctx.db.peek(bytes, at[2]!, at[3]!);
  if (entry === undefined || entry.expiresAtMs === 0) {
    ctx.reply.integer(0);
    return;
  }
  ctx.db.expireAt(bytes, at[2]!, at[3]!, 0);
  ctx.touched(bytes, at[2]!, at[3]!);
  ctx.event('generic', 'persist', bytes, at[2]!, at[3]!);
  ctx.reply.integer(1);
}

function changeExpiry(
  ctx: CommandContext,
  bytes: Buffer,
  at: Offsets,
  unitMs: 1 | 1000,
  baseMs: number,
  command: string,
): void {
  const condition = parseCondition(ctx);
  const expiresAtMs = expiryAt(ctx, 2, { unitMs, baseMs }, command);
  const entry = ctx.db.peek(bytes, at[2]!, at[3]!);
  if (entry === undefined || !isMet(condition, entry.expiresAtMs, expiresAtMs)) {
    ctx.reply.integer(0);
    return;
  }
  const past = expiresAtMs <= ctx.now;
  if (past) ctx.db.remove(bytes, at[2]!, at[3]!);
  else ctx.db.expireAt(bytes, at[2]!, at[3]!, expiresAtMs);
  ctx.touched(bytes, at[2]!, at[3]!);
  ctx.event('generic', past ? 'del' : 'expire', bytes, at[2]!, at[3]!);
  ctx.reply.integer(1);
}

/** Is the expiry to be changed from `current` (0: none, which counts as infinitely far) to `wanted`? */
function isMet({ nx, xx, gt, lt }: ExpireCondition, current: number, wanted: number): boolean {
  const none = current === 0;
  if (nx && !none) return false;
  if (xx && none) return false;
  if (gt && (none || wanted <= current)) return false;
  return !(lt && !none && wanted >= current);
}

function parseCondition(ctx: CommandContext): ExpireCondition {
  const condition: ExpireCondition = { nx: false, xx: false, gt: false, lt: false };
  for (let i = 3; i < ctx.argc; i++) {
    if (ctx.is(i, 'NX')) condition.nx = true;
    else if (ctx.is(i, 'XX')) condition.xx = true;
    else if (ctx.is(i, 'GT')) condition.gt = true;
    else if (ctx.is(i, 'LT')) condition.lt = true;
    else throw new ReplyError(`ERR Unsupported option ${ctx.latin1(i)}`);
  }
  const { nx, xx, gt, lt } = condition;
  if (nx && (xx || gt || lt)) {
    throw new ReplyError('ERR NX and XX, GT or LT options at the same time are not compatible');
  }
  if (gt && lt) throw new ReplyError('ERR GT and LT options at the same time are not compatible');
  return condition;
}

/** Answer the expiry counted from `baseMs`, in units of `unitMs`: -2 for no key, -1 for no expiry. */
function replyExpiry(ctx: CommandContext, bytes: Buffer, at: Offsets, unitMs: 1 | 1000, baseMs: number): void {
  const entry = ctx.db.peek(bytes, at[2]!, at[3]!);
  if (entry === undefined) {
    ctx.reply.integer(-2);
  } else if (entry.expiresAtMs === 0) {
    ctx.reply.integer(-1);
  } else {
    const left = Math.max(entry.expiresAtMs - baseMs, 0);
    ctx.reply.integer(unitMs === 1 ? left : Math.floor((left + 500) / 1000));
  }
}
