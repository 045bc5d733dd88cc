/**
 * CLIENT: what a connection is called, what it wants, and which connections there are.
 * Left out: CLIENT TRACKING and its kin, PAUSE and UNBLOCK, which need rooms that are not built yet.
 */
import type { Client } from '../client.ts';
import { ReplyError, SYNTAX_ERROR } from '../protocol/errors.ts';
import { info, kill, list } from './client-list.ts';
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
