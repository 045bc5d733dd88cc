/**
 * Commands at run time: found by name without building a string, with their flags as bits and their counters beside them.
 *
 * Invariants: (1) a name is found in any case; a table is complete when it is built and never changes;
 *             (2) what COMMAND answers is derived from the table's entry, never stated twice.
 */
import { legacyRange } from './keys.ts';
import {
  ACL_CATEGORIES,
  type AclCategory,
  COMMAND_FLAGS,
  type CommandFlag,
  type CommandGroup,
  type CommandHandler,
  type CommandSpec,
  type CommandTable,
} from './table.ts';

/** The bit of a flag in `Command.flags`. */
export const flagBit = (flag: CommandFlag): number => 1 << COMMAND_FLAGS.indexOf(flag);

/** ACL categories that follow from a command's group. */
const GROUP_CATEGORY: Readonly<Partial<Record<CommandGroup, AclCategory>>> = {
  bitmap: 'bitmap',
  connection: 'connection',
  generic: 'keyspace',
  geo: 'geo',
  hash: 'hash',
  hyperloglog: 'hyperloglog',
  list: 'list',
  scripting: 'scripting',
  set: 'set',
  'sorted-set': 'sortedset',
  stream: 'stream',
  string: 'string',
  transactions: 'transaction',
};

/** One command or subcommand. */
export class Command {
  /** In lower case, without the container: `set`, `getname`. */
  readonly name: string;
  /** With the container, as INFO and error texts say it: `client|getname`. */
  readonly fullName: string;
  readonly spec: CommandSpec;
  readonly arity: number;
  /** Bits of {@link flagBit}. */
  readonly flags: number;
  readonly run: CommandHandler | undefined;
  readonly subcommands: Registry | undefined;
  readonly categories: readonly AclCategory[];
  /** For INFO commandstats: calls that ran, those among them that failed, calls refused before they ran, and time spent. */
  calls = 0;
  failedCalls = 0;
  rejectedCalls = 0;
  microseconds = 0;

  constructor(name: string, spec: CommandSpec, container?: string) {
    this.name = name;
    this.fullName = container === undefined ? name : `${container}|${name}`;
    this.spec = spec;
    this.arity = spec.arity;
    this.run = spec.run;
    this.subcommands = spec.subcommands && new Registry(spec.subcommands, this.fullName);
    this.flags = allFlags(spec).reduce((bits, flag) => bits | flagBit(flag), 0);
    this.categories = categoriesOf(spec);
  }

  /** Does the command take so many arguments, the name included? */
  accepts(argc: number): boolean {
    return this.arity >= 0 ? argc === this.arity : argc >= -this.arity;
  }

  resetCounters(): void {
    this.calls = 0;
    this.failedCalls = 0;
    this.rejectedCalls = 0;
    this.microseconds = 0;
  }
}

/** Commands by name: open addressing over a hash of the lower-case name. */
export class Registry {
  readonly #commands: readonly Command[];
  readonly #slots: (Command | undefined)[];
  readonly #mask: number;

  constructor(table: CommandTable, container?: string) {
    this.#commands = Object.entries(table).map(([name, spec]) => new Command(name, spec, container));
    let size = 8;
    while (size < 4 * this.#commands.length) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Array<Command | undefined>(size).fill(undefined);
    for (const command of this.#commands) {
      const name = Buffer.from(command.name);
      let slot = hashName(name, 0, name.length) & this.#mask;
      while (this.#slots[slot] !== undefined) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = command;
    }
  }

  /** The command named by bytes[start, end), in any case. */
  find(bytes: Uint8Array, start: number, end: number): Command | undefined {
    let slot = hashName(bytes, start, end) & this.#mask;
    for (;;) {
      const command = this.#slots[slot];
      if (command === undefined || isNamed(command.name, bytes, start, end)) return command;
      slot = (slot + 1) & this.#mask;
    }
  }

  /** The command `get`, or the subcommand `config|get`. */
  findByName(fullName: string): Command | undefined {
    const bar = fullName.indexOf('|');
    const bytes = Buffer.from(bar < 0 ? fullName : fullName.slice(0, bar));
    const command = this.find(bytes, 0, bytes.length);
    return bar < 0 ? command : command?.subcommands?.findByName(fullName.slice(bar + 1));
  }

  /** All commands in the order of their tables, without subcommands. */
  get commands(): readonly Command[] {
    return this.#commands;
  }

  /** All commands, each followed by its subcommands. */
  *all(): IterableIterator<Command> {
    for (const command of this.#commands) {
      yield command;
      if (command.subcommands !== undefined) yield* command.subcommands.all();
    }
  }
}

function hashName(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i]! | 0x20), 0x01000193);
  return hash ^ (hash >>> 15);
}

function isNamed(name: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}

/** Stated flags, and `movablekeys` where keys cannot be told from first, last and step. */
function allFlags(spec: CommandSpec): readonly CommandFlag[] {
  const isMovable = spec.findKeys !== undefined || legacyRange(spec.keys ?? []).isPartial;
  return isMovable && !spec.flags.includes('movablekeys') ? [...spec.flags, 'movablekeys'] : spec.flags;
}

/** As Redis has them: from flags, from the group, and as stated; a container, and WAIT, have none of their group's. */
function categoriesOf(spec: CommandSpec): readonly AclCategory[] {
  const categories = new Set<AclCategory>(spec.categories);
  const has = (flag: CommandFlag): boolean => spec.flags.includes(flag);
  const group = GROUP_CATEGORY[spec.group];
  if (group !== undefined && spec.run !== undefined && !categories.has('connection')) categories.add(group);
  if (has('write')) categories.add('write');
  if (has('readonly') && !categories.has('scripting')) categories.add('read');
  if (has('admin')) categories.add('admin').add('dangerous');
  if (has('pubsub')) categories.add('pubsub');
  if (has('blocking')) categories.add('blocking');
  categories.add(has('fast') ? 'fast' : 'slow');
  return ACL_CATEGORIES.filter(category => categories.has(category));
}
