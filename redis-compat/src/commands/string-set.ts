/**
 * SET and its relatives: strings written and read as a whole, with expiry.
 */
import { type FoundString, findString, findStringOrNothing, putString } from '../data-types/string.ts';
import { ReplyError, SYNTAX_ERROR, wrongArity } from '../protocol/errors.ts';
import { futureExpiryAt } from './arguments.ts';
import type { CommandContext } from './context.ts';
import type { Offsets } from './table.ts';

/** The options that give an expiry: its unit, and whether it counts from now. */
const EXPIRY_OPTIONS = [
  { token: 'EX', unitMs: 1000, absolute: false },
  { token: 'PX', unitMs: 1, absolute: false },
  { token: 'EXAT', unitMs: 1000, absolute: true },
  { token: 'PXAT', unitMs: 1, absolute: true },
] as const;
type ExpiryOption = (typeof EXPIRY_OPTIONS)[number];

/** What the options of SET and GETEX say. */
interface StringOptions {
  onlyIf: 'any' | 'absent' | 'present';
  get: boolean;
  keepTtl: boolean;
  persist: boolean;
  expiry: ExpiryOption | undefined;
  /** The argument that holds the expiry. */
  expiryIndex: number;
}

export function get(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  replyString(ctx, bytes, at);
}

export function set(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  if (ctx.argc === 3) {
    store(ctx, bytes, at, 2, 0);
    ctx.reply.ok();
    return;
  }
  const options = parseOptions(ctx, 'set', 3);
  const expiresAtMs = optionMoment(ctx, options, 'set');
  if (options.get) replyString(ctx, bytes, at);
  const existing = ctx.db.peek(bytes, at[2]!, at[3]!);
  if (options.onlyIf !== 'any' && (options.onlyIf === 'present') !== (existing !== undefined)) {
    if (!options.get) ctx.reply.null();
    return;
  }
  const kept = options.keepTtl && existing !== undefined ? existing.expiresAtMs : 0;
  store(ctx, bytes, at, 2, expiresAtMs === 0 ? kept : expiresAtMs);
  if (expiresAtMs !== 0) ctx.event('generic', 'expire', bytes, at[2]!, at[3]!);
  if (!options.get) ctx.reply.ok();
}

export function setnx(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const absent = ctx.db.peek(bytes, at[2]!, at[3]!) === undefined;
  if (absent) store(ctx, bytes, at, 2, 0);
  ctx.reply.integer(absent ? 1 : 0);
}

export function setex(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  storeFor(ctx, bytes, at, 1000, 'setex');
}

export function psetex(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  storeFor(ctx, bytes, at, 1, 'psetex');
}

export function getset(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  replyString(ctx, bytes, at);
  store(ctx, bytes, at, 2, 0);
}

export function getdel(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  if (replyString(ctx, bytes, at)) removeKey(ctx, bytes, at);
}

export function getex(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  const options = parseOptions(ctx, 'getex', 2);
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  if (found === undefined) {
    ctx.reply.null();
    return;
  }
  // Redis reads the number only when there is a string to put it on.
  const expiresAtMs = optionMoment(ctx, options, 'getex');
  const hadExpiry = found.expiresAtMs !== 0;
  replyBytes(ctx, found);
  if (options.expiry?.absolute === true && expiresAtMs <= ctx.now) removeKey(ctx, bytes, at);
  else if (options.expiry !== undefined) changeExpiry(ctx, bytes, at, expiresAtMs, 'expire');
  else if (options.persist && hadExpiry) changeExpiry(ctx, bytes, at, 0, 'persist');
}

export function mget(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  ctx.reply.array(ctx.argc - 1);
  for (let i = 1; i < ctx.argc; i++) {
    const found = findStringOrNothing(ctx.db, bytes, at[2 * i]!, at[2 * i + 1]!);
    if (found === undefined) ctx.reply.null();
    else replyBytes(ctx, found);
  }
}

export function mset(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  if (ctx.argc % 2 === 0) throw new ReplyError(wrongArity('mset'));
  for (let i = 1; i < ctx.argc; i += 2) storeAt(ctx, bytes, at, i, i + 1, 0);
  ctx.reply.ok();
}

export function msetnx(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  if (ctx.argc % 2 === 0) throw new ReplyError(wrongArity('msetnx'));
  for (let i = 1; i < ctx.argc; i += 2) {
    if (ctx.db.peek(bytes, at[2 * i]!, at[2 * i + 1]!) === undefined) continue;
    ctx.reply.integer(0);
    return;
  }
  for (let i = 1; i < ctx.argc; i += 2) storeAt(ctx, bytes, at, i, i + 1, 0);
  ctx.reply.integer(1);
}

/** Answer the string under argument 1, or null; false when there is none. */
function replyString(ctx: CommandContext, bytes: Buffer, at: Offsets): boolean {
  const found = findString(ctx.db, bytes, at[2]!, at[3]!);
  if (found === undefined) ctx.reply.null();
  else replyBytes(ctx, found);
  return found !== undefined;
}

function replyBytes(ctx: CommandContext, found: FoundString): void {
  const { buffer, start, end } = found.range();
  ctx.reply.bulk(buffer, start, end);
}

/** Put argument `value` under the key that is argument 1. */
function store(ctx: CommandContext, bytes: Buffer, at: Offsets, value: number, expiresAtMs: number): void {
  storeAt(ctx, bytes, at, 1, value, expiresAtMs);
}

function storeAt(
  ctx: CommandContext,
  bytes: Buffer,
  at: Offsets,
  key: number,
  value: number,
  expiresAtMs: number,
): void {
  const start = at[2 * key]!;
  const end = at[2 * key + 1]!;
  putString(ctx.db, bytes, start, end, bytes, at[2 * value]!, at[2 * value + 1]!, expiresAtMs);
  ctx.touched(bytes, start, end);
  ctx.event('string', 'set', bytes, start, end);
}

/** SETEX and PSETEX: argument 2 is the time, argument 3 the value. */
function storeFor(ctx: CommandContext, bytes: Buffer, at: Offsets, unitMs: 1 | 1000, command: string): void {
  store(ctx, bytes, at, 3, futureExpiryAt(ctx, 2, { unitMs, baseMs: ctx.now }, command));
  ctx.event('generic', 'expire', bytes, at[2]!, at[3]!);
  ctx.reply.ok();
}

function removeKey(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  ctx.db.remove(bytes, at[2]!, at[3]!);
  ctx.touched(bytes, at[2]!, at[3]!);
  ctx.event('generic', 'del', bytes, at[2]!, at[3]!);
}

function changeExpiry(ctx: CommandContext, bytes: Buffer, at: Offsets, expiresAtMs: number, event: string): void {
  ctx.db.expireAt(bytes, at[2]!, at[3]!, expiresAtMs);
  ctx.touched(bytes, at[2]!, at[3]!);
  ctx.event('generic', event, bytes, at[2]!, at[3]!);
}

/** The options from argument `first` on. Which of them exclude each other is Redis's rule, to the letter. */
function parseOptions(ctx: CommandContext, command: 'set' | 'getex', first: number): StringOptions {
  const options: StringOptions = {
    onlyIf: 'any',
    get: false,
    keepTtl: false,
    persist: false,
    expiry: undefined,
    expiryIndex: 0,
  };
  for (let i = first; i < ctx.argc; i++) {
    const known = command === 'set' ? parseSetWord(ctx, i, options) : parseGetexWord(ctx, i, options);
    if (known) continue;
    const expiry = EXPIRY_OPTIONS.find(option => ctx.is(i, option.token));
    const allowed = !options.keepTtl && !options.persist && (options.expiry === undefined || options.expiry === expiry);
    if (expiry === undefined || !allowed || i + 1 === ctx.argc) throw new ReplyError(SYNTAX_ERROR);
    options.expiry = expiry;
    options.expiryIndex = ++i;
  }
  return options;
}

function parseSetWord(ctx: CommandContext, i: number, options: StringOptions): boolean {
  if (ctx.is(i, 'NX') && options.onlyIf !== 'present') options.onlyIf = 'absent';
  else if (ctx.is(i, 'XX') && options.onlyIf !== 'absent') options.onlyIf = 'present';
  else if (ctx.is(i, 'GET')) options.get = true;
  else if (ctx.is(i, 'KEEPTTL') && options.expiry === undefined) options.keepTtl = true;
  else return false;
  return true;
}

function parseGetexWord(ctx: CommandContext, i: number, options: StringOptions): boolean {
  if (!ctx.is(i, 'PERSIST') || options.expiry !== undefined) return false;
  options.persist = true;
  return true;
}

/** The moment that the options give, 0 when they give none. */
function optionMoment(ctx: CommandContext, options: StringOptions, command: string): number {
  if (options.expiry === undefined) return 0;
  const baseMs = options.expiry.absolute ? 0 : ctx.now;
  return futureExpiryAt(ctx, options.expiryIndex, { unitMs: options.expiry.unitMs, baseMs }, command);
}
