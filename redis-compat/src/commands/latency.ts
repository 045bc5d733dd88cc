/**
 * The latency monitor: events that took longer than `latency-monitor-threshold` milliseconds, and LATENCY to read them.
 * Left out: LATENCY HISTOGRAM and GRAPH.
 */
import type { CommandContext } from './context.ts';
import { help } from './help.ts';
import type { CommandSpec, CommandTable } from './table.ts';

/** Samples kept per event, as in Redis. */
const MAX_SAMPLES = 160;

interface Sample {
  readonly atSeconds: number;
  readonly ms: number;
}

/** The last samples of each event. */
export class LatencyMonitor {
  /** Milliseconds from which on an event is kept; 0: nothing is. */
  thresholdMs = 0;
  readonly #events = new Map<string, Sample[]>();

  get events(): ReadonlyMap<string, readonly Sample[]> {
    return this.#events;
  }

  /** One sample per second is kept, the longest. */
  add(event: string, ms: number, nowMs: number): void {
    const sample = { atSeconds: Math.floor(nowMs / 1000), ms: Math.round(ms) };
    const samples = this.#events.get(event) ?? [];
    this.#events.set(event, samples);
    const last = samples.at(-1);
    if (last?.atSeconds === sample.atSeconds) samples[samples.length - 1] = last.ms > sample.ms ? last : sample;
    else if (samples.push(sample) > MAX_SAMPLES) samples.shift();
  }

  /** Forget these events, or all; returns how many there were. */
  reset(events: readonly string[]): number {
    const doomed = events.length === 0 ? [...this.#events.keys()] : events;
    return doomed.filter(event => this.#events.delete(event)).length;
  }
}

const shared = {
  group: 'server',
  flags: ['admin', 'noscript', 'loading', 'stale'],
  since: '2.8.13',
  complexity: 'O(1)',
} as const satisfies Partial<CommandSpec>;

/** LATENCY and its subcommands. */
export const latencyCommands: CommandTable = {
  latency: {
    group: 'server',
    arity: -2,
    flags: [],
    since: '2.8.13',
    summary: 'A container for latency diagnostics commands.',
    complexity: 'Depends on subcommand.',
    subcommands: {
      doctor: { ...shared, arity: 2, summary: 'Returns a human-readable latency analysis report.', run: doctor },
      history: { ...shared, arity: 3, summary: 'Returns timestamp-latency samples for an event.', run: history },
      latest: { ...shared, arity: 2, summary: 'Returns the latest latency samples for all events.', run: latest },
      reset: { ...shared, arity: -2, summary: 'Resets the latency data for one or more events.', run: reset },
      help: help('latency', 'server', '2.8.13', [
        'DOCTOR',
        '    Return a human readable latency analysis report.',
        'HISTORY <event>',
        '    Return time-latency samples for the <event> class.',
        'LATEST',
        '    Return the latest latency samples for all events.',
        'RESET [<event> ...]',
        '    Reset latency data of one or more <event> classes.',
        '    (default: reset all data for all event classes)',
      ]),
    },
  },
};

function latest({ reply, server }: CommandContext): void {
  const { events } = server.latency;
  reply.array(events.size);
  for (const [event, samples] of events) {
    const last = samples.at(-1)!;
    reply.array(4);
    reply.bulkString(event);
    reply.integer(last.atSeconds);
    reply.integer(last.ms);
    reply.integer(Math.max(...samples.map(sample => sample.ms)));
  }
}

function history(ctx: CommandContext): void {
  const samples = ctx.server.latency.events.get(ctx.text(2)) ?? [];
  ctx.reply.array(samples.length);
  for (const { atSeconds, ms } of samples) {
    ctx.reply.array(2);
    ctx.reply.integer(atSeconds);
    ctx.reply.integer(ms);
  }
}

function reset(ctx: CommandContext): void {
  const events = Array.from({ length: ctx.argc - 2 }, (_, i) => ctx.text(i + 2));
  ctx.reply.integer(ctx.server.latency.reset(events));
}

function doctor({ reply, server }: CommandContext): void {
  const { thresholdMs, events } = server.latency;
  const lines = [...events].map(([event, samples]) => {
    const times = samples.map(sample => sample.ms);
    return `${event}: ${times.length} slow seconds, the slowest ${Math.max(...times)} ms`;
  });
  const off = 'The latency monitor is off. To switch it on: CONFIG SET latency-monitor-threshold <milliseconds>.';
  reply.verbatim('txt', thresholdMs === 0 ? off : lines.join('\n') || 'No event was slower than the threshold.');
}
