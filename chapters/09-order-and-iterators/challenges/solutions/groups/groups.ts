/** The different beginnings of all keys, up to a separator: read one key of each, and seek to the first key behind the group. */
import type { Database } from '../engine/src/index.ts';

/** Keys are taken as text. A key without the separator is a group of its own. */
export function groups(db: Database, separator: string): string[] {
  const found = new Set<string>();
  const cursor = db.keys();
  for (let item = cursor.next(); !item.done; item = cursor.next()) {
    const key = String(item.value);
    const at = key.indexOf(separator);
    found.add(at < 0 ? key : key.slice(0, at));
    if (at >= 0) cursor.seek(behind(key.slice(0, at + separator.length)));
  }
  return [...found].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** The first key behind all that begin with `prefix`: its last byte counted up. Text never ends in ff. */
function behind(prefix: string): Buffer {
  const bytes = Buffer.from(prefix);
  bytes[bytes.length - 1]! += 1;
  return bytes;
}
