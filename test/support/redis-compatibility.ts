/**
 * Prints docs/redis-compatibility.md from the command table, so that the document can't say more than the server can do:
 *
 *   node --conditions=@zerocask/source --import tsx test/support/redis-compatibility.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { allCommands } from '../../redis-compat/src/commands/all.ts';
import type { CommandSpec, CommandTable } from '../../redis-compat/src/commands/table.ts';

/** The document. */
export const COMPATIBILITY_FILE: URL = new URL('../../docs/redis-compatibility.md', import.meta.url);

/** Every command of Redis 7.2 by group, and why some will never be ours. */
interface RedisCommands {
  /** Names in lower case, separated by spaces; `client|id` is a subcommand. */
  readonly groups: Readonly<Record<string, string>>;
  /** By group, command or container. */
  readonly leftOut: Readonly<Record<string, string>>;
}

const REDIS = JSON.parse(readFileSync(new URL('./redis-7.2-commands.json', import.meta.url), 'utf8')) as RedisCommands;

const INTRODUCTION = `# Redis compatibility

This page is printed from the command table of the server; a test fails when it is out of date. It says what the server
answers today, measured against the commands of Redis 7.2.

The server speaks RESP2 and RESP3. Every command listed as *yes* takes each of its options and gives Redis's own error
texts; where it differs on purpose, the difference stands beside it.
`;

/** What holds for the whole server and has no command to stand beside. */
const GENERAL = `## Differences that belong to no single command

- Values lie on disk, names in memory. A key may have at most 16 MiB.
- An expiry later than the year 287396 is kept as the last moment of that range.
- What a server with \`appendonly yes\` would answer about persistence is answered here: the log is always on.
`;

/** The command or subcommand with this full name (\`config|get\`). */
function find(fullName: string): CommandSpec | undefined {
  const [name = '', subcommand] = fullName.split('|');
  const table: CommandTable = allCommands;
  const command = table[name];
  return subcommand === undefined ? command : command?.subcommands?.[subcommand];
}

/** A container whose subcommands are all missing is missing. */
function status(group: string, fullName: string): string {
  const spec = find(fullName);
  if (spec !== undefined) return spec.note === undefined ? 'yes' : `yes. ${spec.note}`;
  const reason = REDIS.leftOut[fullName] ?? REDIS.leftOut[fullName.split('|')[0]!] ?? REDIS.leftOut[group];
  return reason === undefined ? 'not yet' : `no. ${reason}`;
}

const displayName = (fullName: string): string => fullName.toUpperCase().replace('|', ' ');

function groupSection(group: string, names: readonly string[]): string {
  const rows = names.map(name => `| \`${displayName(name)}\` | ${status(group, name)} |`);
  return [`## ${group}`, '', '| Command | Here |', '| --- | --- |', ...rows, ''].join('\n');
}

function countsTable(groups: readonly (readonly [string, readonly string[]])[]): string {
  const count = (names: readonly string[]): number => names.filter(name => find(name) !== undefined).length;
  const top = (names: readonly string[]): readonly string[] => names.filter(name => !name.includes('|'));
  const row = (label: string, names: readonly string[]): string =>
    `| ${label} | ${count(top(names))} of ${top(names).length} | ${count(names)} of ${names.length} |`;
  return [
    '| Group | Commands | With subcommands |',
    '| --- | --- | --- |',
    ...groups.map(([group, names]) => row(group, names)),
    row(
      'all',
      groups.flatMap(([, names]) => names),
    ),
    '',
  ].join('\n');
}

/** The document as it should be. */
export function renderCompatibility(): string {
  const groups = Object.entries(REDIS.groups).map(([group, names]) => [group, names.split(' ')] as const);
  const sections = groups.map(([group, names]) => groupSection(group, names));
  return [INTRODUCTION, countsTable(groups), GENERAL, ...sections].join('\n');
}

/** Commands of the table that Redis 7.2 does not have: there should be none. */
export function unknownToRedis(): string[] {
  const known = new Set(Object.values(REDIS.groups).flatMap(names => names.split(' ')));
  const table: CommandTable = allCommands;
  const ours = Object.entries(table).flatMap(([name, spec]) => [
    name,
    ...Object.keys(spec.subcommands ?? {}).map(subcommand => `${name}|${subcommand}`),
  ]);
  return ours.filter(name => !known.has(name) && !name.startsWith('debug|'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(COMPATIBILITY_FILE, renderCompatibility());
}
