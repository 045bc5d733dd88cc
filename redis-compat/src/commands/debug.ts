/**
 * DEBUG: the few subcommands that tests of clients and servers need. It runs only where `enable-debug-command` allows it.
 */
import { ReplyError } from '../protocol/errors.ts';
import type { CommandContext } from './context.ts';
import type { CommandTable } from './table.ts';

/** DEBUG; its subcommands are no commands of their own in Redis either. */
export const debugCommands: CommandTable = {
  debug: {
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale', 'protected'],
    group: 'server',
    since: '1.0.0',
    summary: 'A container for debugging commands.',
    complexity: 'Depends on subcommand.',
    note: 'SLEEP, SET-ACTIVE-EXPIRE, JMAP and LOG only.',
    run: debug,
  },
};

function debug(ctx: CommandContext): void {
  if (ctx.is(1, 'SLEEP') && ctx.argc === 3) sleep(ctx);
  else if (ctx.is(1, 'SET-ACTIVE-EXPIRE') && ctx.argc === 3) setActiveExpire(ctx);
  else if (ctx.is(1, 'LOG') && ctx.argc === 3) console.error(`DEBUG LOG: ${ctx.text(2)}`);
  else if (!ctx.is(1, 'JMAP')) {
    throw new ReplyError(`ERR unknown subcommand or wrong number of arguments for '${ctx.text(1)}'. Try DEBUG HELP.`);
  }
  ctx.reply.ok();
}

/** Holds the whole server, as Redis's does. */
function sleep(ctx: CommandContext): void {
  const seconds = Number(ctx.text(2));
  if (!(seconds >= 0)) throw new ReplyError('ERR value is not a valid float');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
}

function setActiveExpire(ctx: CommandContext): void {
  ctx.server.expiry.enabled = ctx.text(2) !== '0';
}
