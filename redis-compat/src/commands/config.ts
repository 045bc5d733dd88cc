/**
 * CONFIG: read and change the configuration while the server runs. What is legal is said in config.ts.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { ConfigError, type Setting } from '../config.ts';
import { rewriteConfigFile } from '../config-file.ts';
import { ReplyError, SYNTAX_ERROR } from '../protocol/errors.ts';
import type { CommandContext } from './context.ts';
import { help } from './help.ts';
import { Counters } from './state.ts';
import type { CommandSpec, CommandTable } from './table.ts';

const shared = {
  group: 'server',
  flags: ['admin', 'noscript', 'loading', 'stale'],
} as const satisfies Partial<CommandSpec>;

/** CONFIG and its subcommands. */
export const configCommands: CommandTable = {
  config: {
    group: 'server',
    arity: -2,
    flags: [],
    since: '2.0.0',
    summary: 'A container for server configuration commands.',
    complexity: 'Depends on subcommand.',
    subcommands: {
      get: {
        ...shared,
        arity: -3,
        since: '2.0.0',
        summary: 'Returns the effective values of configuration parameters.',
        complexity: 'O(N) when N is the number of configuration parameters provided',
        history: [['7.0.0', 'Added the ability to pass multiple pattern parameters in one call']],
        arguments: [{ name: 'parameter', type: 'string', flags: ['multiple'] }],
        run: get,
      },
      resetstat: {
        ...shared,
        arity: 2,
        since: '2.0.0',
        summary: "Resets the server's statistics.",
        complexity: 'O(1)',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        run: resetStat,
      },
      rewrite: {
        ...shared,
        arity: 2,
        since: '2.8.0',
        summary: 'Persists the effective configuration to file.',
        complexity: 'O(1)',
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        run: rewrite,
      },
      set: {
        ...shared,
        arity: -4,
        since: '2.0.0',
        summary: 'Sets configuration parameters in-flight.',
        complexity: 'O(N) when N is the number of configuration parameters provided',
        history: [['7.0.0', 'Added the ability to set multiple parameters in one call.']],
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        run: set,
      },
      help: help('config', 'server', '5.0.0', [
        'GET <pattern>',
        '    Return parameters matching the glob-like <pattern> and their values.',
        'SET <directive> <value>',
        '    Set the configuration <directive> to <value>.',
        'RESETSTAT',
        '    Reset statistics reported by the INFO command.',
        'REWRITE',
        '    Rewrite the configuration file.',
      ]),
    },
  },
};

function get(ctx: CommandContext): void {
  const patterns = Array.from({ length: ctx.argc - 2 }, (_, i) => ctx.text(i + 2));
  const found = ctx.server.config.find(patterns);
  ctx.reply.map(found.size);
  for (const [name, value] of found) {
    ctx.reply.bulkString(name);
    ctx.reply.bulkString(value);
  }
}

function set(ctx: CommandContext): void {
  if (ctx.argc % 2 !== 0) throw new ReplyError(SYNTAX_ERROR);
  const settings: Setting[] = [];
  for (let i = 2; i < ctx.argc; i += 2) settings.push([ctx.text(i), [ctx.text(i + 1)]]);
  try {
    ctx.server.config.setAll(settings);
  } catch (error) {
    if (error instanceof ConfigError) throw new ReplyError(explain(error));
    throw error;
  }
  ctx.reply.ok();
}

function explain({ reason, parameter, message }: ConfigError): string {
  if (reason === 'unknown') return `ERR Unknown option or number of arguments for CONFIG SET - '${parameter}'`;
  return `ERR CONFIG SET failed (possibly related to argument '${parameter}') - ${message}`;
}

function resetStat(ctx: CommandContext): void {
  ctx.server.counters = new Counters();
  ctx.effects.expiredKeys = 0;
  ctx.databases.hits = 0;
  ctx.databases.misses = 0;
  for (const command of ctx.server.registry.all()) command.resetCounters();
  ctx.reply.ok();
}

function rewrite(ctx: CommandContext): void {
  const { config } = ctx.server;
  if (config.file === '') throw new ReplyError('ERR The server is running without a config file');
  try {
    const rewritten = `${config.file}.rewritten`;
    writeFileSync(rewritten, rewriteConfigFile(readFileSync(config.file, 'utf8'), config));
    renameSync(rewritten, config.file);
  } catch (error) {
    throw new ReplyError(`ERR Rewriting config file: ${(error as Error).message}`);
  }
  ctx.reply.ok();
}
