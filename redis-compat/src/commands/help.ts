/** The HELP subcommand of a container: its lines between Redis's own head and tail. */
import type { CommandGroup, CommandSpec } from './table.ts';

/** A table entry for `<container> HELP`. */
export const help = (container: string, group: CommandGroup, since: string, lines: readonly string[]): CommandSpec => ({
  arity: 2,
  flags: ['loading', 'stale'],
  group,
  since,
  summary: 'Returns helpful text about the different subcommands.',
  complexity: 'O(1)',
  run: ({ reply }) => {
    const all = [
      `${container.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
      ...lines,
      'HELP',
      '    Print this help.',
    ];
    reply.array(all.length);
    for (const line of all) reply.simple(line);
  },
});
