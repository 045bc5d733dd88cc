/**
 * CLIENT: what a connection is called, what it wants, and which connections there are.
 * Left out: CLIENT TRACKING and its kin, PAUSE and UNBLOCK, which need rooms that are not built yet.
 */
import type { Client } from '../client.ts';
import { ReplyError, SYNTAX_ERROR } from '../protocol/errors.ts';
import { offsetAt } from './arguments.ts';
import type { CommandContext } from './context.ts';
import { help } from './help.ts';
import type { CommandSpec, CommandTable } from './table.ts';

/** What one client may do about itself. */
const own = {
  group: 'connection',
  flags: ['noscript', 'loading', 'stale'],
  complexity: 'O(1)',
} as const satisfies Partial<CommandSpec>;
/** What an administrator may do about all. */
const all = { ...own, flags: ['admin', 'noscript', 'loading', 'stale'] } as const satisfies Partial<CommandSpec>;

/** CLIENT and its subcommands. */
export const clientCommands: CommandTable = {
  client: {
    group: 'connection',
    arity: -2,
    flags: [],
    since: '2.4.0',
    summary: 'A container for client connection commands.',
    complexity: 'Depends on subcommand.',
    subcommands: {
      getname: { ...own, arity: 2, since: '2.6.9', summary: 'Returns the name of the connection.', run: getName },
      getredir: {
        ...own,
        arity: 2,
        since: '6.0.0',
        summary: "Returns the client ID to which the connection's tracking notifications are redirected.",
        run: ctx => ctx.reply.integer(-1),
      },
      id: {
        ...own,
        arity: 2,
        since: '5.0.0',
        summary: 'Returns the unique client ID of the connection.',
        run: ctx => ctx.reply.integer(ctx.client.id),
      },
      info: {
        ...own,
        arity: 2,
        since: '6.2.0',
        summary: 'Returns information about the connection.',
        tips: ['nondeterministic_output'],
        run: info,
      },
      kill: {
        ...all,
        arity: -3,
        since: '2.4.0',
        summary: 'Terminates open connections.',
        complexity: 'O(N) where N is the number of client connections',
        run: kill,
      },
      list: {
        ...all,
        arity: -2,
        since: '2.4.0',
        summary: 'Lists open connections.',
        complexity: 'O(N) where N is the number of client connections',
        tips: ['nondeterministic_output'],
        run: list,
      },
      'no-evict': {
        ...all,
        arity: 3,
        since: '7.0.0',
        summary: 'Sets the client eviction mode of the connection.',
        run: noEvict,
      },
      'no-touch': {
        ...own,
        arity: 3,
        since: '7.2.0',
        summary: 'Controls whether commands sent by the client affect the LRU/LFU of accessed keys.',
        note: 'Accepted; nothing is evicted here, so there is no age of a key to be left alone.',
        run: noTouch,
      },
      reply: {
        ...own,
        arity: 3,
        since: '3.2.0',
        summary: 'Instructs the server whether to reply to commands.',
        run: reply,
      },
      setinfo: {
        ...own,
        arity: 4,
        since: '7.2.0',
        summary: 'Sets information specific to the client or connection.',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        run: setInfo,
      },
      setname: {
        ...own,
        arity: 3,
        since: '2.6.9',
        summary: 'Sets the connection name.',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        run: setName,
      },
      help: help('client', 'connection', '5.0.0', [
        'GETREDIR',
        '    Return the client ID we are redirecting to when tracking is enabled.',
        'GETNAME',
        '    Return the name of the current connection.',
        'ID',
        '    Return the ID of the current connection.',
        'INFO',
        '    Return information about the current client connection.',
        'KILL <ip:port>',
        '    Kill connection made from <ip:port>.',
        'KILL <option> <value> [<option> <value> [...]]',
        '    Kill connections. Options are:',
        '    * ADDR (<ip:port>|<unixsocket>:0)',
        '      Kill connections made from the specified address',
        '    * LADDR (<ip:port>|<unixsocket>:0)',
        '      Kill connections made to specified local address',
        '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
        '      Kill connections by type.',
        '    * USER <username>',
        '      Kill connections authenticated by <username>.',
        '    * SKIPME (YES|NO)',
        '      Skip killing current connection (default: yes).',
        'LIST [options ...]',
        '    Return information about client connections. Options:',
        '    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)',
        '      Return clients of specified type.',
        '    * ID <client-id> [<client-id> ...]',
        '      Return clients of specified IDs only.',
        'NO-EVICT (ON|OFF)',
        '    Protect current client connection from eviction.',
        'NO-TOUCH (ON|OFF)',
        '    Will not touch LRU/LFU stats when this mode is on.',
        'REPLY (ON|OFF|SKIP)',
        '    Control the replies sent to the current connection.',
        'SETINFO <option> <value>',
        '    Set client meta attr. Options are:',
        '    * LIB-NAME: the client lib name.',
        '    * LIB-VER: the client lib version.',
        'SETNAME <name>',
        '    Assign the name <name> to the current connection.',
      ]),
    },
  },
};

/** Printable ASCII without the space: names go into CLIENT LIST, where a space separates. */
const PLAIN = /^[!-~]*$/;

/** Name a client, as CLIENT SETNAME and HELLO do. The empty name takes the name away. */
export function setClientName(client: Client, name: string): void {
  if (!PLAIN.test(name))
    throw new ReplyError('ERR Client names cannot contain spaces, newlines or special characters.');
  client.name = name;
}

function getName({ client, reply: to }: CommandContext): void {
  if (client.name === '') to.null();
  else to.bulkString(client.name);
}

function setName(ctx: CommandContext): void {
  setClientName(ctx.client, ctx.latin1(2));
  ctx.reply.ok();
}

function setInfo(ctx: CommandContext): void {
  const value = ctx.latin1(3);
  const option = ctx.is(2, 'LIB-NAME') ? 'lib-name' : ctx.is(2, 'LIB-VER') ? 'lib-ver' : undefined;
  if (option === undefined) throw new ReplyError(`ERR Unrecognized option '${ctx.text(2)}'`);
  if (!PLAIN.test(value)) throw new ReplyError(`ERR ${option} cannot contain spaces, newlines or special characters.`);
  if (option === 'lib-name') ctx.client.libraryName = value;
  else ctx.client.libraryVersion = value;
  ctx.reply.ok();
}

function noEvict(ctx: CommandContext): void {
  ctx.client.noEvict = onOrOff(ctx);
  ctx.reply.ok();
}

function noTouch(ctx: CommandContext): void {
  ctx.client.noTouch = onOrOff(ctx);
  ctx.reply.ok();
}

function onOrOff(ctx: CommandContext): boolean {
  if (ctx.is(2, 'ON')) return true;
  if (ctx.is(2, 'OFF')) return false;
  throw new ReplyError(SYNTAX_ERROR);
}

function reply(ctx: CommandContext): void {
  const { client } = ctx;
  if (ctx.is(2, 'ON')) {
    client.replyMode = 'on';
    ctx.reply.ok();
  } else if (ctx.is(2, 'OFF')) client.replyMode = 'off';
  else if (!ctx.is(2, 'SKIP')) throw new ReplyError(SYNTAX_ERROR);
  else if (client.replyMode !== 'off') client.replyMode = 'skip-next';
}

function info(ctx: CommandContext): void {
  ctx.reply.verbatim('txt', `${describe(ctx.client, ctx.now)}\n`);
}

function list(ctx: CommandContext): void {
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

function kill(ctx: CommandContext): void {
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
