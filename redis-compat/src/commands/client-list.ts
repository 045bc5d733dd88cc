/**
 * Which clients there are, and ending them: CLIENT INFO, LIST and KILL. All clients are of the type `normal` so far.
 */
import type { Client } from '../client.ts';
import { ReplyError, SYNTAX_ERROR } from '../protocol/errors.ts';
import { offsetAt } from './arguments.ts';
import type { CommandContext } from './context.ts';

/** CLIENT INFO */
export function info(ctx: CommandContext): void {
  ctx.reply.verbatim('txt', `${describe(ctx.client, ctx.now)}\n`);
}

/** CLIENT LIST [TYPE type | ID id ...] */
export function list(ctx: CommandContext): void {
  const wanted = ctx.argc > 2 ? listFilter(ctx) : () => true;
  const clients = [...ctx.server.clients.values()].filter(wanted);
  ctx.reply.verbatim('txt', clients.map(client => `${describe(client, ctx.now)}\n`).join(''));
}

function listFilter(ctx: CommandContext): (client: Client) => boolean {
  if (ctx.is(2, 'TYPE') && ctx.argc === 4) {
    const type = clientType(ctx, 3);
    return () => type === 'normal';
  }
  if (!ctx.is(2, 'ID') || ctx.argc < 4) throw new ReplyError(SYNTAX_ERROR);
  const ids = new Set<number>();
  for (let i = 3; i < ctx.argc; i++) ids.add(offsetAt(ctx, i, 'ERR Invalid client ID'));
  return client => ids.has(client.id);
}

/** The kinds of client that Redis knows; here all are normal. */
function clientType(ctx: CommandContext, index: number): string {
  const type = ctx.text(index).toLowerCase();
  if (['normal', 'slave', 'replica', 'pubsub', 'master'].includes(type)) return type;
  throw new ReplyError(`ERR Unknown client type '${ctx.text(index)}'`);
}

/** One line of CLIENT LIST. */
function describe(client: Client, now: number): string {
  const { link } = client;
  const seconds = (since: number): number => Math.max(0, Math.floor((now - since) / 1000));
  const flags = `${client.noEvict ? 'e' : ''}${client.noTouch ? 'T' : ''}` || 'N';
  const fields: readonly (readonly [string, string | number])[] = [
    ['id', client.id],
    ['addr', client.address],
    ['laddr', client.localAddress],
    ['fd', client.id],
    ['name', client.name],
    ['age', seconds(client.connectedAtMs)],
    ['idle', seconds(client.lastCommandAtMs)],
    ['flags', flags],
    ['db', client.database],
    ['sub', 0],
    ['psub', 0],
    ['ssub', 0],
    ['multi', -1],
    ['qbuf', link.pendingRequestBytes],
    ['qbuf-free', 0],
    ['argv-mem', 0],
    ['multi-mem', 0],
    ['rbs', 0],
    ['rbp', 0],
    ['obl', 0],
    ['oll', link.pendingReplyBytes > 0 ? 1 : 0],
    ['omem', link.pendingReplyBytes],
    ['tot-mem', link.pendingRequestBytes + link.pendingReplyBytes],
    ['events', 'r'],
    ['cmd', client.lastCommand?.fullName ?? 'NULL'],
    ['user', client.user],
    ['redir', -1],
    ['resp', client.protocol],
    ['lib-name', client.libraryName],
    ['lib-ver', client.libraryVersion],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}

/** CLIENT KILL address, or filters that all have to fit. */
export function kill(ctx: CommandContext): void {
  if (ctx.argc === 3) {
    const address = ctx.text(2);
    const killed = killAll(ctx, client => client.address === address);
    if (killed === 0) throw new ReplyError('ERR No such client');
    ctx.reply.ok();
    return;
  }
  ctx.reply.integer(killAll(ctx, killFilter(ctx)));
}

/** The client that asks is closed only after its reply. */
function killAll(ctx: CommandContext, wanted: (client: Client) => boolean): number {
  const doomed = [...ctx.server.clients.values()].filter(wanted);
  for (const client of doomed) {
    if (client === ctx.client) client.link.closeAfterReply();
    else client.link.kill();
  }
  return doomed.length;
}

function killFilter(ctx: CommandContext): (client: Client) => boolean {
  const filters: ((client: Client) => boolean)[] = [];
  let skipMe = true;
  for (let i = 2; i < ctx.argc; i += 2) {
    if (i + 1 >= ctx.argc) throw new ReplyError(SYNTAX_ERROR);
    const value = ctx.text(i + 1);
    if (ctx.is(i, 'SKIPME')) skipMe = yesOrNo(value);
    else filters.push(killCondition(ctx, i, value));
  }
  return client => filters.every(wanted => wanted(client)) && !(skipMe && client === ctx.client);
}

function killCondition(ctx: CommandContext, index: number, value: string): (client: Client) => boolean {
  if (ctx.is(index, 'ADDR')) return client => client.address === value;
  if (ctx.is(index, 'LADDR')) return client => client.localAddress === value;
  if (ctx.is(index, 'ID')) {
    const id = offsetAt(ctx, index + 1, 'ERR client-id should be greater than 0');
    if (id < 1) throw new ReplyError('ERR client-id should be greater than 0');
    return client => client.id === id;
  }
  if (ctx.is(index, 'TYPE')) {
    const type = clientType(ctx, index + 1);
    return () => type === 'normal';
  }
  if (!ctx.is(index, 'USER')) throw new ReplyError(SYNTAX_ERROR);
  if (value !== 'default') throw new ReplyError(`ERR No such user '${value}'`);
  return client => client.user === value;
}

function yesOrNo(value: string): boolean {
  if (/^(yes|no)$/i.test(value)) return value.toLowerCase() === 'yes';
  throw new ReplyError(SYNTAX_ERROR);
}
