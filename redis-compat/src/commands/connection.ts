/**
 * The connection group, without CLIENT: who one is, which protocol one speaks, which database one uses.
 */
import { timingSafeEqual } from 'node:crypto';
import {
  DB_INDEX_OUT_OF_RANGE,
  NO_PROTO,
  NOT_AN_INTEGER,
  ReplyError,
  SYNTAX_ERROR,
  WRONG_PASSWORD,
  wrongArity,
} from '../protocol/errors.ts';
import { parseInteger } from '../protocol/numbers.ts';
import { int32At } from './arguments.ts';
import { setClientName } from './client.ts';
import type { CommandContext } from './context.ts';
import { REDIS_VERSION } from './state.ts';
import type { CommandTable, Offsets } from './table.ts';

/** The user that everybody is. */
const DEFAULT_USER = 'default';

const connection = { group: 'connection' } as const;

/** The group's commands. */
export const connectionCommands: CommandTable = {
  auth: {
    ...connection,
    arity: -2,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    since: '1.0.0',
    summary: 'Authenticates the connection.',
    complexity: 'O(N) where N is the number of passwords defined for the user',
    history: [['6.0.0', 'Added ACL style (username and password).']],
    arguments: [
      { name: 'username', type: 'string', flags: ['optional'], since: '6.0.0' },
      { name: 'password', type: 'string' },
    ],
    run: auth,
  },
  echo: {
    ...connection,
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    since: '1.0.0',
    summary: 'Returns the given string.',
    complexity: 'O(1)',
    arguments: [{ name: 'message', type: 'string' }],
    run: (ctx, bytes, at) => ctx.reply.bulk(bytes, at[2], at[3]),
  },
  hello: {
    ...connection,
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    since: '6.0.0',
    summary: 'Handshakes with the server: protocol version, authentication, name.',
    complexity: 'O(1)',
    history: [
      ['6.2.0', '`protover` made optional; when called without arguments the command reports the current context.'],
    ],
    arguments: [
      {
        name: 'arguments',
        type: 'block',
        flags: ['optional'],
        arguments: [
          { name: 'protover', type: 'integer' },
          {
            name: 'auth',
            type: 'block',
            token: 'AUTH',
            flags: ['optional'],
            arguments: [
              { name: 'username', type: 'string' },
              { name: 'password', type: 'string' },
            ],
          },
          { name: 'clientname', type: 'string', token: 'SETNAME', flags: ['optional'] },
        ],
      },
    ],
    run: hello,
  },
  ping: {
    ...connection,
    arity: -1,
    flags: ['fast'],
    since: '1.0.0',
    summary: "Returns the server's liveliness response.",
    complexity: 'O(1)',
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    arguments: [{ name: 'message', type: 'string', flags: ['optional'] }],
    run: ping,
  },
  quit: {
    ...connection,
    arity: -1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    since: '1.0.0',
    summary: 'Closes the connection.',
    complexity: 'O(1)',
    deprecated: { since: '7.2.0', replacedBy: 'just closing the connection' },
    run: quit,
  },
  reset: {
    ...connection,
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
    since: '6.2.0',
    summary: 'Resets the connection to the state of a new one.',
    complexity: 'O(1)',
    run: reset,
  },
  select: {
    ...connection,
    arity: 2,
    flags: ['loading', 'stale', 'fast'],
    since: '1.0.0',
    summary: 'Changes the selected database.',
    complexity: 'O(1)',
    arguments: [{ name: 'index', type: 'integer' }],
    run: select,
  },
};

function ping(ctx: CommandContext, bytes: Buffer, at: Offsets): void {
  if (ctx.argc > 2) ctx.reply.error(wrongArity('ping'));
  else if (ctx.argc === 2) ctx.reply.bulk(bytes, at[2], at[3]);
  else ctx.reply.simple('PONG');
}

function quit(ctx: CommandContext): void {
  ctx.reply.ok();
  ctx.client.link.closeAfterReply();
}

function reset(ctx: CommandContext): void {
  ctx.client.reset(!ctx.server.passwordNeeded);
  ctx.reply.protocol = ctx.client.protocol;
  ctx.reply.simple('RESET');
}

function select(ctx: CommandContext): void {
  const index = int32At(ctx, 1);
  if (!ctx.databases.has(index)) throw new ReplyError(DB_INDEX_OUT_OF_RANGE);
  ctx.client.database = index;
  ctx.reply.ok();
}

function auth(ctx: CommandContext): void {
  if (ctx.argc > 3) throw new ReplyError(SYNTAX_ERROR);
  if (ctx.argc === 2 && !ctx.server.passwordNeeded) throw new ReplyError(NO_PASSWORD_SET);
  authenticate(ctx, ctx.argc === 2 ? DEFAULT_USER : ctx.text(1), ctx.copy(ctx.argc - 1));
  ctx.reply.ok();
}

const NO_PASSWORD_SET =
  'ERR AUTH <password> called without any password configured for the default user. ' +
  'Are you sure your configuration is correct?';

function authenticate(ctx: CommandContext, user: string, password: Buffer): void {
  const wanted = Buffer.from(ctx.server.config.text('requirepass'));
  const right = !ctx.server.passwordNeeded || sameBytes(password, wanted);
  if (user !== DEFAULT_USER || !right) throw new ReplyError(WRONG_PASSWORD);
  ctx.client.authenticated = true;
  ctx.client.user = user;
}

/** Compares in a time that tells nothing of where they differ. */
const sameBytes = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

function hello(ctx: CommandContext): void {
  const version = ctx.argc > 1 ? protocolVersion(ctx) : ctx.client.protocol;
  let name: string | undefined;
  for (let i = 2; i < ctx.argc; i++) {
    if (ctx.is(i, 'AUTH') && i + 2 < ctx.argc) {
      authenticate(ctx, ctx.text(i + 1), ctx.copy(i + 2));
      i += 2;
    } else if (ctx.is(i, 'SETNAME') && i + 1 < ctx.argc) name = ctx.latin1(++i);
    else throw new ReplyError(`ERR Syntax error in HELLO option '${ctx.text(i)}'`);
  }
  if (!ctx.client.authenticated) throw new ReplyError(HELLO_NEEDS_AUTH);
  if (name !== undefined) setClientName(ctx.client, name);
  ctx.client.protocol = version;
  ctx.reply.protocol = version;
  describeServer(ctx);
}

const HELLO_NEEDS_AUTH =
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> ' +
  'option can be used to authenticate the client and select the RESP protocol version at the same time';

function protocolVersion(ctx: CommandContext): 2 | 3 {
  const version = parseInteger(ctx.bytes, ctx.at[2]!, ctx.at[3]!);
  if (version === undefined) throw new ReplyError(NOT_AN_INTEGER.replace('value', 'Protocol version'));
  if (version !== 2 && version !== 3) throw new ReplyError(NO_PROTO);
  return version;
}

function describeServer({ reply, client }: CommandContext): void {
  const text = (name: string, value: string): void => {
    reply.bulkString(name);
    reply.bulkString(value);
  };
  reply.map(7);
  text('server', 'redis');
  text('version', REDIS_VERSION);
  reply.bulkString('proto');
  reply.integer(client.protocol);
  reply.bulkString('id');
  reply.integer(client.id);
  text('mode', 'standalone');
  text('role', 'master');
  reply.bulkString('modules');
  reply.array(0);
}
