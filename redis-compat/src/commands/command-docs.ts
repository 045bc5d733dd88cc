/**
 * One command as COMMAND INFO and COMMAND DOCS show it: the fields of its table entry, in Redis's order and shape.
 */
import type { ReplyWriter } from '../protocol/reply-writer.ts';
import { legacyRange } from './keys.ts';
import { type Command, flagBit } from './registry.ts';
import { type ArgumentDoc, COMMAND_FLAGS, type CommandSpec, KEY_FLAGS, type KeyFlag, type KeySpec } from './table.ts';

/** Flags that COMMAND INFO keeps to itself, as Redis does. */
const HIDDEN_FLAGS: readonly string[] = ['may_replicate', 'protected', 'touches_arbitrary_keys'];

/** Ten fields, the last one its subcommands; null for a command that there is not. */
export function writeInfo(reply: ReplyWriter, command: Command | undefined): void {
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
  writeKeyFlags(reply, key.flags);
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

/** What a command does with a key. */
export function writeKeyFlags(reply: ReplyWriter, flags: readonly KeyFlag[]): void {
  writeStatusSet(
    reply,
    KEY_FLAGS.filter(flag => flags.includes(flag)),
  );
}

/** Its name, and a map of what there is to say. */
export function writeNamedDocs(reply: ReplyWriter, command: Command): void {
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
