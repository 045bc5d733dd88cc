/** Challenge: values that expire, on a clock that the caller passes in. */
import { describe, expect, test } from 'vitest';
import { ExpiringStore } from '#sketch/expiring-store.ts';

function storeWithClock() {
  let now = 1000;
  const store = new ExpiringStore(() => now);
  return {
    store,
    wait(ms: number) {
      now += ms;
    },
  };
}

describe('A store whose values expire', () => {
  test('a value without a time to live stays', () => {
    const { store, wait } = storeWithClock();
    store.put('city', 'Berlin');
    wait(1e9);
    expect(store.get('city')).toBe('Berlin');
  });

  test('a value is there before its time is over, and gone at that moment', () => {
    const { store, wait } = storeWithClock();
    store.put('city', 'Berlin', { ttlMs: 100 });
    wait(99);
    expect(store.get('city')).toBe('Berlin');
    wait(1);
    expect(store.get('city')).toBeUndefined();
  });

  test('a new put begins a new life, with a time of its own or none', () => {
    const { store, wait } = storeWithClock();
    store.put('city', 'Bonn', { ttlMs: 100 });
    wait(90);
    store.put('city', 'Berlin', { ttlMs: 100 });
    wait(90);
    expect(store.get('city')).toBe('Berlin');
    store.put('city', 'Berlin');
    wait(1e9);
    expect(store.get('city')).toBe('Berlin');
  });

  test('what has expired does not count, although nobody asked for it', () => {
    const { store, wait } = storeWithClock();
    store.put('city', 'Berlin', { ttlMs: 100 });
    store.put('river', 'Spree');
    wait(100);
    expect(store.size).toBe(1);
  });

  test('delete of an expired key deletes nothing', () => {
    const { store, wait } = storeWithClock();
    store.put('city', 'Berlin', { ttlMs: 100 });
    wait(100);
    expect(store.delete('city')).toBe(false);
  });

  test('a clock that is set back revives nothing', () => {
    const { store, wait } = storeWithClock();
    store.put('city', 'Berlin', { ttlMs: 100 });
    wait(100);
    expect(store.get('city')).toBeUndefined();
    wait(-50);
    expect(store.get('city')).toBeUndefined();
  });
});
