/** Challenge: a store whose keys and values are bytes. Equal bytes are equal keys; the store's bytes are its own. */
import { describe, expect, test } from 'vitest';
import { BytesStore } from '#sketch/bytes-store.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('A store of bytes', () => {
  test('equal bytes are the same key', () => {
    const store = new BytesStore();
    store.put(bytes(1, 2), bytes(3));
    expect(store.get(bytes(1, 2))).toEqual(bytes(3));
    expect(store.get(bytes(1))).toBeUndefined();
    store.put(bytes(1, 2), bytes(4));
    expect(store.get(bytes(1, 2))).toEqual(bytes(4));
    expect(store.size).toBe(1);
  });

  test('all 256 values of a byte are 256 keys', () => {
    const store = new BytesStore();
    for (let i = 0; i < 256; i++) store.put(bytes(i), bytes(255 - i));
    expect(store.size).toBe(256);
    for (let i = 0; i < 256; i++) expect(store.get(bytes(i))).toEqual(bytes(255 - i));
  });

  test('bytes that are no text do not run into each other', () => {
    const store = new BytesStore();
    store.put(bytes(0xc3), bytes(1)); // half of an UTF-8 character
    store.put(bytes(0xe4), bytes(2));
    expect(store.get(bytes(0xc3))).toEqual(bytes(1));
    expect(store.get(bytes(0xe4))).toEqual(bytes(2));
  });

  test('the empty key and the empty value are legal', () => {
    const store = new BytesStore();
    store.put(bytes(), bytes());
    expect(store.get(bytes())).toEqual(bytes());
  });

  test('a caller who changes its buffer afterwards changes nothing in the store', () => {
    const store = new BytesStore();
    const [key, value] = [bytes(1), bytes(2)];
    store.put(key, value);
    key[0] = 9;
    value[0] = 9;
    expect(store.get(bytes(1))).toEqual(bytes(2));
    store.get(bytes(1))!.fill(9);
    expect(store.get(bytes(1))).toEqual(bytes(2));
  });

  test('a key that is a window into a larger buffer is that window', () => {
    const store = new BytesStore();
    const large = Buffer.from('xxcityxx');
    store.put(large.subarray(2, 6), bytes(1));
    expect(store.get(Buffer.from('city'))).toEqual(bytes(1));
  });

  test('delete says whether there was something to delete', () => {
    const store = new BytesStore();
    store.put(bytes(1), bytes(2));
    expect(store.delete(bytes(1))).toBe(true);
    expect(store.delete(bytes(1))).toBe(false);
    expect(store.get(bytes(1))).toBeUndefined();
  });
});
