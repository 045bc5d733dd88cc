/**
 * COMMAND: the command table, as clients and tools read it. Everything is derived from the table's entries.
 */

import { ReplyError, SYNTAX_ERROR } from '../protocol/errors.ts';
import { globMatches } from '../protocol/glob.ts';
import { writeInfo, writeKeyFlags, writeNamedDocs } from './command-docs.ts';
import type { CommandContext } from './context.ts';
import { help } from './help.ts';
import { keyPositions } from './keys.ts';
import { type Command, flagBit } from './registry.ts';
import { ACL_CATEGORIES, type CommandSpec, type CommandTable } from './table.ts';

const shared = {
  group: 'server',
  flags: ['loading', 'stale'],
  categories: ['connection'],
} as const satisfies Partial<CommandSpec>;

/** COMMAND and its subcommands. */
export const commandCommands: CommandTable = {
  command: {
    ...shared,
    arity: -1,
    since: '2.8.13',
    summary: 'Returns detailed information about all commands.',
    complexity: 'O(N) where N is the total number of Redis commands',
    tips: ['nondeterministic_output_order'],
    run: infoOfAll,
    subcommands: {
      count: {
        ...shared,
        arity: 2,
        since: '2.8.13',
        summary: 'Returns a count of commands.',
        complexity: 'O(1)',
        run: count,
      },
      docs: {
        ...shared,
        arity: -2,
        since: '7.0.0',
        summary: 'Returns documentary information about one, multiple or all commands.',
        complexity: 'O(N) where N is the number of commands to look up',
        tips: ['nondeterministic_output_order'],
        arguments: [{ name: 'command-name', type: 'string', flags: ['optional', 'multiple'] }],
        run: docs,
      },
      getkeys: {
        ...shared,
        arity: -3,
        since: '2.8.13',
        summary: 'Extracts the key names from an arbitrary command.',
        complexity: 'O(N) where N is the number of arguments to the command',
        run: ctx => getKeys(ctx, false),
      },
      getkeysandflags: {
        ...shared,
        arity: -3,
        since: '7.0.0',
        summary: 'Extracts the key names and access flags for an arbitrary command.',
        complexity: 'O(N) where N is the number of arguments to the command',
        run: ctx => getKeys(ctx, true),
      },
      info: {
        ...shared,
        arity: -2,
        since: '2.8.13',
        summary: 'Returns information about one, multiple or all commands.',
        complexity: 'O(N) where N is the number of commands to look up',
        tips: ['nondeterministic_output_order'],
        arguments: [{ name: 'command-name', type: 'string', flags: ['optional', 'multiple'] }],
        run: info,
      },
      list: {
        ...shared,
        arity: -2,
        since: '7.0.0',
        summary: 'Returns a list of command names.',
        complexity: 'O(N) where N is the total number of Redis commands',
        tips: ['nondeterministic_output_order'],
        run: list,
      },
      help: {
        ...help('command', 'server', '5.0.0', [
          '(no subcommand)',
          '    Return details about all Redis commands.',
          'COUNT',
          '    Return the total number of commands in this Redis server.',
          'LIST',
          '    Return a list of all commands in this Redis server.',
          'INFO [<command-name> ...]',
          '    Return details about multiple Redis commands.',
          '    If no command names are given, documentation details for all',
          '    commands are returned.',
          'DOCS [<command-name> ...]',
          '    Return documentation details about multiple Redis commands.',
          '    If no command names are given, documentation details for all',
          '    commands are returned.',
          'GETKEYS <full-command>',
          '    Return the keys from a full Redis command.',
          'GETKEYSANDFLAGS <full-command>',
          '    Return the keys and the access flags from a full Redis command.',
        ]),
        categories: ['connection'],
      },
    },
  },
};

function count(ctx: CommandContext): void {
  const { commands } = ctx.server.registry;
  ctx.reply.integer(commands.length);
}

function infoOfAll(ctx: CommandContext): void {
  const { commands } = ctx.server.registry;
  ctx.reply.array(commands.length);
  for (const command of commands) writeInfo(ctx.reply, command);
}

function info(ctx: CommandContext): void {
  if (ctx.argc === 2) {
    infoOfAll(ctx);
    return;
  }
  ctx.reply.array(ctx.argc - 2);
  for (let i = 2; i < ctx.argc; i++) writeInfo(ctx.reply, ctx.server.registry.findByName(ctx.latin1(i)));
}

function docs(ctx: CommandContext): void {
  const { registry } = ctx.server;
  const names = Array.from({ length: ctx.argc - 2 }, (_, i) => ctx.latin1(i + 2));
  const commands =
    names.length === 0
      ? registry.commands
      : names.map(name => registry.findByName(name)).filter(found => found !== undefined);
  ctx.reply.map(commands.length);
  for (const command of commands) writeNamedDocs(ctx.reply, command);
}

function getKeys(ctx: CommandContext, withFlags: boolean): void {
  const { registry } = ctx.server;
  const argc = ctx.argc - 2;
  const at = ctx.at.subarray(4);
  const container = registry.find(ctx.bytes, at[0]!, at[1]!);
  const nested = container?.subcommands !== undefined && argc > 1;
  const command = nested ? container.subcommands!.find(ctx.bytes, at[2]!, at[3]!) : container;
  if (command === undefined) throw new ReplyError('ERR Invalid command specified');
  if (command.spec.keys === undefined) throw new ReplyError('ERR The command has no key arguments');
  if (!command.accepts(argc)) throw new ReplyError('ERR Invalid number of arguments specified for command');
  const keys = keyPositions(command, ctx.bytes, at, argc);
  const mayBeNone = (command.flags & flagBit('no_mandatory_keys')) !== 0;
  if ((keys === undefined || keys.length === 0) && !mayBeNone)
    throw new ReplyError('ERR Invalid arguments specified for command');
  ctx.reply.array(keys?.length ?? 0);
  for (const { index, flags } of keys ?? []) {
    if (withFlags) ctx.reply.array(2);
    ctx.reply.bulk(ctx.bytes, at[2 * index], at[2 * index + 1]);
    if (withFlags) writeKeyFlags(ctx.reply, flags);
  }
}

function list(ctx: CommandContext): void {
  const wanted = ctx.argc > 2 ? listFilter(ctx) : () => true;
  const names = [...ctx.server.registry.all()].filter(wanted).map(command => command.fullName);
  ctx.reply.array(names.length);
  for (const name of names) ctx.reply.bulkString(name);
}

function listFilter(ctx: CommandContext): (command: Command) => boolean {
  if (!ctx.is(2, 'FILTERBY') || ctx.argc !== 5) throw new ReplyError(SYNTAX_ERROR);
  const value = ctx.text(4);
  if (ctx.is(3, 'MODULE')) return () => false;
  if (ctx.is(3, 'ACLCAT')) {
    const category = ACL_CATEGORIES.find(name => name === value.toLowerCase());
    return command => category !== undefined && command.categories.includes(category);
  }
  if (!ctx.is(3, 'PATTERN')) throw new ReplyError(SYNTAX_ERROR);
  const pattern = Buffer.from(value);
  return ({ fullName }) => globMatches(pattern, Buffer.from(fullName), 0, fullName.length, true);
}
