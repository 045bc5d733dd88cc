import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Entry, type Keydir, type KeyString, keyBytes, toKeyString } from '../../../engine/src/keydir/keydir.ts';
import { MapKeydir } from '../../../engine/src/keydir/map-keydir.ts';
import { entry } from './entry.ts';

/** What every keydir does. */
function keydirSuite(name: string, make: () => Keydir): void {
  describe(name, () => {
    test('an entry that was put is found by its key, and a newer one takes its place', () => {
      const keydir = make();
      const [older, newer] = [entry('k', 1), entry('k', 2)];
      expect(keydir.get(older.key)).toBeUndefined();
      expect(keydir.put(older)).toBe(true);
      expect(keydir.put(newer)).toBe(false);
      expect(keydir.get(older.key)).toBe(newer);
      expect(keydir.size).toBe(1);
    });

    test('a key that was deleted is gone, and deleting it again says so', () => {
      const keydir = make();
      keydir.put(entry('k'));
      expect(keydir.delete('k' as KeyString)).toBe(true);
      expect(keydir.delete('k' as KeyString)).toBe(false);
      expect(keydir.get('k' as KeyString)).toBeUndefined();
      expect(keydir.size).toBe(0);
    });

    test('it agrees with a model over any puts and deletes', () => {
      const key = fc.uint8Array({ maxLength: 2 }).map(bytes => toKeyString(Buffer.from(bytes)));
      const step = fc.tuple(key, fc.boolean());
      fc.assert(
        fc.property(fc.array(step, { maxLength: 200 }), steps => {
          const keydir = make();
          const model = new Map<string, Entry>();
          for (const [name, isPut] of steps) {
            if (isPut) {
              const put = entry(name);
              expect(keydir.put(put)).toBe(!model.has(name));
              model.set(name, put);
            } else expect(keydir.delete(name)).toBe(model.delete(name));
          }
          expect(keydir.size).toBe(model.size);
          expect(new Set(keydir.entries())).toEqual(new Set(model.values()));
        }),
      );
    });
  });
}

keydirSuite('MapKeydir', () => new MapKeydir());

test('a key string keeps every byte', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  expect(keyBytes(toKeyString(bytes))).toEqual(bytes);
  expect(toKeyString(bytes, 65, 68)).toBe('ABC');
});
