/** Meter: what a stretch of work used of time, processor and memory. What is made ready before is not counted. */
import type { Result } from '../job.ts';

const MiB = 2 ** 20;

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** What the work between {@link Meter.start} and {@link Meter.stop} used. */
export type Used = Pick<Result, 'seconds' | 'cpuSeconds' | 'rssMiB' | 'peakRssMiB'>;

export class Meter {
  #started = 0;
  #cpuBefore = 0;
  #used: Used | undefined;

  start(): void {
    this.#cpuBefore = cpuSeconds();
    this.#started = performance.now();
  }

  stop(): void {
    this.#used = {
      seconds: (performance.now() - this.#started) / 1000,
      cpuSeconds: cpuSeconds() - this.#cpuBefore,
      rssMiB: process.memoryUsage.rss() / MiB,
      peakRssMiB: process.resourceUsage().maxRSS / 1024,
    };
  }

  get used(): Used {
    if (this.#used === undefined) throw new Error('the work has not been measured');
    return this.#used;
  }
}
