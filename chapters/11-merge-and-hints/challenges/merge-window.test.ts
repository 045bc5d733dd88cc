/** Challenge: merge only in a window of hours, and give up when it ends. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database } from '#engine/database.ts';
import { mergeInWindow } from '#sketch/merge-window.ts';

type Merge = Database['merge'];
const REPORT = { files: 3, bytesBefore: 300, bytesAfter: 100 };

let nowMs = 0;
const now = (): Date => new Date(nowMs);
/** Timers and the clock go on together. */
async function pass(ms: number): Promise<void> {
  nowMs += ms;
  await vi.advanceTimersByTimeAsync(ms);
}
const HOUR = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A store whose merge takes so long. */
function storeThatTakes(ms: number): { db: Pick<Database, 'merge'>; merges: number; signal: AbortSignal | undefined } {
  const store = { db: {} as Pick<Database, 'merge'>, merges: 0, signal: undefined as AbortSignal | undefined };
  const merge: Merge = ({ signal } = {}) => {
    store.merges++;
    store.signal = signal;
    return new Promise((resolve, reject) => {
      setTimeout(() => resolve(REPORT), ms);
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
  };
  store.db = { merge };
  return store;
}

const at = (hour: number, minute = 0): void => {
  nowMs = new Date(2024, 0, 15, hour, minute).getTime();
};

describe('Only at night', () => {
  test('outside of the window nothing is begun', async () => {
    const store = storeThatTakes(1000);
    at(21, 59);
    expect(await mergeInWindow(store.db as Database, { from: 22, to: 6, now })).toBe('closed');
    at(6);
    expect(await mergeInWindow(store.db as Database, { from: 22, to: 6, now })).toBe('closed');
    at(3);
    expect(await mergeInWindow(store.db as Database, { from: 9, to: 17, now })).toBe('closed');
    expect(store.merges).toBe(0);
  });

  test('inside of it the merge runs to its end, over midnight too', async () => {
    for (const hour of [22, 23, 0, 5]) {
      const store = storeThatTakes(0.5 * HOUR);
      at(hour);
      const result = mergeInWindow(store.db as Database, { from: 22, to: 6, now });
      await pass(0.5 * HOUR);
      expect(await result).toEqual(REPORT);
    }
  });

  test('when the window ends, the merge is given up', async () => {
    const store = storeThatTakes(3 * HOUR);
    at(4, 30);
    const result = mergeInWindow(store.db as Database, { from: 22, to: 6, now });
    await pass(1.5 * HOUR - 1);
    expect(store.signal?.aborted).toBe(false);
    await pass(1);
    expect(await result).toBe('given up');
  });

  test('an error of the merge is passed on, and no timer is left', async () => {
    at(23);
    const failing = { merge: () => Promise.reject(new Error('the disk is full')) } as unknown as Database;
    await expect(mergeInWindow(failing, { from: 22, to: 6, now })).rejects.toThrow('the disk is full');
    expect(vi.getTimerCount()).toBe(0);
  });
});
