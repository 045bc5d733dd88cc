/** People by id, and an index of their ids by city. Who changes one changes both, in one transaction. */
import type { Database } from '../engine/src/database.ts';

export interface Person {
  readonly name: string;
  readonly city: string;
}

const personKey = (id: string): string => `person/${id}`;
/** Ids may hold anything but a slash; a city may hold anything. */
const cityPrefix = (city: string): string => `city/${encodeURIComponent(city)}/`;

export function personOf(db: Pick<Database, 'get'>, id: string): Person | undefined {
  const bytes = db.get(personKey(id));
  return bytes && (JSON.parse(String(bytes)) as Person);
}

export function save(db: Database, id: string, person: Person): void {
  db.transaction(tx => {
    const older = tx.get(personKey(id));
    if (older !== undefined) tx.delete(cityPrefix((JSON.parse(String(older)) as Person).city) + id);
    tx.put(personKey(id), JSON.stringify(person));
    tx.put(cityPrefix(person.city) + id, '');
  });
}

export function remove(db: Database, id: string): boolean {
  return db.transaction(tx => {
    const older = tx.get(personKey(id));
    if (older === undefined) return false;
    tx.delete(cityPrefix((JSON.parse(String(older)) as Person).city) + id);
    return tx.delete(personKey(id));
  });
}

export function inCity(db: Database, city: string): string[] {
  const prefix = cityPrefix(city);
  return Array.from(db.keys({ prefix }), key => String(key).slice(prefix.length));
}
