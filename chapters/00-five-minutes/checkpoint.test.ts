/** What must hold at the end of chapter 00. */
import { describe, expect, test } from 'vitest';
import { FirstStore } from '#sketch/first-store.ts';

describe('A store in memory', () => {
  test('get answers what put stored', () => {
    const store = new FirstStore();
    store.put('city', 'Berlin');
    store.put('river', 'Spree');
    expect(store.get('city')).toBe('Berlin');
    expect(store.get('river')).toBe('Spree');
  });

  test('a key that was never put is absent', () => {
    const store = new FirstStore();
    expect(store.get('city')).toBeUndefined();
    expect(store.size, 'size of the store').toBe(0);
  });

  test('a second put replaces the value, and the key still counts once', () => {
    const store = new FirstStore();
    store.put('city', 'Bonn');
    store.put('city', 'Berlin');
    expect(store.get('city')).toBe('Berlin');
    expect(store.size, 'size of the store').toBe(1);
  });

  test('the empty string is a value', () => {
    const store = new FirstStore();
    store.put('note', '');
    expect(store.get('note')).toBe('');
    expect(store.size, 'size of the store').toBe(1);
  });

  test('a deleted key is absent and no longer counts', () => {
    const store = new FirstStore();
    store.put('city', 'Berlin');
    store.delete('city');
    expect(store.get('city')).toBeUndefined();
    expect(store.size, 'size of the store').toBe(0);
  });

  test('delete says whether there was something to delete', () => {
    const store = new FirstStore();
    store.put('city', 'Berlin');
    expect(store.delete('city')).toBe(true);
    expect(store.delete('city')).toBe(false);
  });

  test('a key named constructor is as absent as any other', () => {
    const store = new FirstStore();
    expect(store.get('constructor')).toBeUndefined();
    expect(store.get('__proto__')).toBeUndefined();
    store.put('__proto__', 'a key like any other');
    expect(store.get('__proto__')).toBe('a key like any other');
  });

  test('two stores share nothing', () => {
    const [one, two] = [new FirstStore(), new FirstStore()];
    one.put('city', 'Berlin');
    expect(two.get('city')).toBeUndefined();
  });
});
