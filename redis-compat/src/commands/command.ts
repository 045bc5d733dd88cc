/**
 * COMMAND: the command table, as clients and tools read it. Everything is derived from the table's entries.
 */

import { ReplyError, SYNTAX_ERROR } from '../protocol/errors.ts';
import { globMatches } from '../protocol/glob.ts';
import type { ReplyWriter } from '../protocol/reply-writer.ts';
import type { CommandContext } from './context.ts';
import { help } from './help.ts';
import { keyPositions, legacyRange } from './keys.ts';
import { type Command, flagBit } from './registry.ts';
import {
  ACL_CATEGORIES,
  type ArgumentDoc,
  COMMAND_FLAGS,
  type CommandSpec,
  type CommandTable,
  KEY_FLAGS,
  type KeySpec,
} from './table.ts';

/** Flags that COMMAND INFO keeps to itself, as Redis does. */
const HIDDEN_FLAGS: readonly string[] = ['may_replicate', 'protected', 'touches_arbitrary_keys'];

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
        run: ctx => ctx.reply.integer(ctx.server.registry.commands.length),
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

function writeInfo(reply: ReplyWriter, command: Command | undefined): void {
  if (command === undefined) {
    reply.null();
    return;
  }
  const { spec } = command;
  const { first, last, step } = legacyRange(spec.keys ?? []);
  reply.array(10);
  reply.bulkString(command.fullName);
  reply.integer(command.arity);
  writeStatusSet(
    reply,
    COMMAND_FLAGS.filter(flag => (command.flags & flagBit(flag)) !== 0 && !HIDDEN_FLAGS.includes(flag)),
  );
  reply.integer(first);
  reply.integer(last);
  reply.integer(step);
  writeStatusSet(
    reply,
    command.categories.map(category => `@${category}`),
  );
  reply.set(spec.tips?.length ?? 0);
  for (const tip of spec.tips ?? []) reply.bulkString(tip);
  reply.set(spec.keys?.length ?? 0);
  for (const key of spec.keys ?? []) writeKeySpec(reply, key);
  const subcommands = command.subcommands?.commands ?? [];
  reply.array(subcommands.length);
  for (const subcommand of subcommands) writeInfo(reply, subcommand);
}

function writeStatusSet(reply: ReplyWriter, words: readonly string[]): void {
  reply.set(words.length);
  for (const word of words) reply.simple(word);
}

function writeKeySpec(reply: ReplyWriter, key: KeySpec): void {
  reply.map(key.notes === undefined ? 3 : 4);
  if (key.notes !== undefined) writePair(reply, 'notes', key.notes);
  reply.bulkString('flags');
  writeStatusSet(
    reply,
    KEY_FLAGS.filter(flag => key.flags.includes(flag)),
  );
  reply.bulkString('begin_search');
  if (key.begin === 'unknown') writeTyped(reply, 'unknown', {});
  else if (typeof key.begin === 'number') writeTyped(reply, 'index', { index: key.begin });
  else writeTyped(reply, 'keyword', { keyword: key.begin.keyword, startfrom: key.begin.from });
  reply.bulkString('find_keys');
  if (key.range !== undefined) {
    writeTyped(reply, 'range', { lastkey: key.range.last, keystep: key.range.step, limit: key.range.limit });
  } else if (key.counted !== undefined) {
    writeTyped(reply, 'keynum', { keynumidx: key.counted.at, firstkey: key.counted.first, keystep: key.counted.step });
  } else writeTyped(reply, 'unknown', {});
}

function writeTyped(reply: ReplyWriter, type: string, spec: Readonly<Record<string, string | number>>): void {
  reply.map(2);
  writePair(reply, 'type', type);
  reply.bulkString('spec');
  reply.map(Object.keys(spec).length);
  for (const [name, value] of Object.entries(spec)) writePair(reply, name, value);
}

function writePair(reply: ReplyWriter, name: string, value: string | number): void {
  reply.bulkString(name);
  if (typeof value === 'number') reply.integer(value);
  else reply.bulkString(value);
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

function writeNamedDocs(reply: ReplyWriter, command: Command): void {
  const { spec } = command;
  const { complexity, deprecated, history, arguments: args } = spec;
  const subcommands = command.subcommands?.commands;
  const optional = [complexity, deprecated, deprecated, deprecated, history, args, subcommands];
  reply.bulkString(command.fullName);
  reply.map(3 + optional.filter(field => field !== undefined).length);
  writePair(reply, 'summary', spec.summary);
  writePair(reply, 'since', spec.since);
  writePair(reply, 'group', spec.group);
  if (complexity !== undefined) writePair(reply, 'complexity', complexity);
  if (deprecated !== undefined) writeDeprecation(reply, deprecated);
  if (history !== undefined) writeHistory(reply, history);
  if (args !== undefined) {
    reply.bulkString('arguments');
    writeArguments(reply, args);
  }
  if (subcommands === undefined) return;
  reply.bulkString('subcommands');
  reply.map(subcommands.length);
  for (const subcommand of subcommands) writeNamedDocs(reply, subcommand);
}

function writeDeprecation(reply: ReplyWriter, { since, replacedBy }: NonNullable<CommandSpec['deprecated']>): void {
  reply.bulkString('doc_flags');
  writeStatusSet(reply, ['deprecated']);
  writePair(reply, 'deprecated_since', since);
  writePair(reply, 'replaced_by', replacedBy);
}

function writeHistory(reply: ReplyWriter, history: NonNullable<CommandSpec['history']>): void {
  reply.bulkString('history');
  reply.set(history.length);
  for (const [since, change] of history) {
    reply.array(2);
    reply.bulkString(since);
    reply.bulkString(change);
  }
}

function writeArguments(reply: ReplyWriter, args: readonly ArgumentDoc[]): void {
  reply.array(args.length);
  for (const arg of args) {
    const nested = arg.type === 'oneof' || arg.type === 'block';
    const optional = [arg.keySpecIndex, arg.token, arg.since, arg.flags].filter(field => field !== undefined);
    reply.map(3 + optional.length);
    writePair(reply, 'name', arg.name);
    writePair(reply, 'type', arg.type);
    if (!nested) writePair(reply, 'display_text', arg.name);
    if (arg.keySpecIndex !== undefined) writePair(reply, 'key_spec_index', arg.keySpecIndex);
    if (arg.token !== undefined) writePair(reply, 'token', arg.token);
    if (arg.since !== undefined) writePair(reply, 'since', arg.since);
    if (arg.flags !== undefined) {
      reply.bulkString('flags');
      writeStatusSet(reply, arg.flags);
    }
    if (!nested) continue;
    reply.bulkString('arguments');
    writeArguments(reply, arg.arguments ?? []);
  }
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
    if (withFlags)
      writeStatusSet(
        ctx.reply,
        KEY_FLAGS.filter(flag => flags.includes(flag)),
      );
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
