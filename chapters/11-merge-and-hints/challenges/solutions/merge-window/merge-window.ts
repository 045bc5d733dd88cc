/** Merge only between two hours of the day, and give the merge up when the window ends. */
import type { Database } from '../engine/src/index.ts';

/** What a merge has done. */
export type MergeReport = Awaited<ReturnType<Database['merge']>>;

/** From this hour to that one, by this clock; the window may go over midnight. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly now: () => Date;
}

const HOUR_MS = 3_600_000;

/** Merge, if it is time for it. */
export async function mergeInWindow(
  db: Database,
  { from, to, now }: Window,
): Promise<MergeReport | 'closed' | 'given up'> {
  const hour = hourOf(now());
  const isOpen = from <= to ? hour >= from && hour < to : hour >= from || hour < to;
  if (!isOpen) return 'closed';
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), ((to - hour + 24) % 24) * HOUR_MS);
  try {
    return await db.merge({ signal: ending.signal });
  } catch (error) {
    if (ending.signal.aborted) return 'given up';
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const hourOf = (time: Date): number =>
  time.getHours() + time.getMinutes() / 60 + (time.getSeconds() + time.getMilliseconds() / 1000) / 3600;
