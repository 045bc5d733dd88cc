/**
 * The databases of the server: names of keys to what lies under them, with expiry decided here and nowhere else.
 *
 * A database is a pair of spaces of the engine: `names` (hash order: one record per key, for SCAN and RANDOMKEY) and
 * `elements` (key order: the parts of values that do not lie in their key's record). Which database has which pair is one
 * record in the engine's default space, so FLUSHDB maps a new pair, SWAPDB swaps two, and both take effect as a whole.
 *
 * Invariants: (1) whoever finds a key expired removes it in that turn: no lookup ever returns an expired key;
 *             (2) a command sees one moment: `Databases.now` is set before it, and only then;
 *             (3) a space exists from the first write of its database on; a read creates nothing.
            (4) parts in the elements space go with the key whose record names them.
 * Left out: what a value is (data-types/), and names longer than the engine's largest key.
 */
import { type Database, EngineError, type EntryInfo, type EntryView, MAX_KEY_SIZE, type Space } from '@zerocask/engine';
import type { Effects } from './effects.ts';
import { ID_SIZE, removeParts, sizeOfParts } from './parts.ts';
import { ReplyError } from './protocol/errors.ts';
import { LAYOUT_PARTS, layoutOf } from './value-tag.ts';

/** Where the pairs are recorded, in the engine's default space. */
const DATABASES_KEY = 'redis:databases';
/** The version of that record. */
const DATABASES_VERSION = 1;

/** How many expired keys RANDOMKEY removes before it gives up: the loop must end even where none can be removed. */
const MAX_RANDOM_TRIES = 1000;

/** The ids of the spaces of one database, as recorded; null: not created yet. */
interface SpacePair {
  readonly names: number | null;
  readonly elements: number | null;
}

/** One database: its keys, and the lookups that every command stands on. */
export class Keyspace {
  /** The number that SELECT knows it by. */
  readonly index: number;
  readonly #databases: Databases;
  #names: Space | undefined;
  #elements: Space | undefined;

  constructor(databases: Databases, index: number, names: Space | undefined, elements: Space | undefined) {
    this.index = index;
    this.#databases = databases;
    this.#names = names;
    this.#elements = elements;
  }

  /** Exactly how many keys there are, those included whose time has come but which nobody has met since. */
  get size(): number {
    return this.#names === undefined ? 0 : this.#names.size;
  }

  /** How many of them have an expiry; an estimate when there are many. */
  get expiring(): number {
    return this.#names === undefined ? 0 : this.#names.expiring;
  }

  /** What the index knows of a key, without reading its value; undefined when there is no such key. */
  peek(bytes: Buffer, start: number, end: number): EntryInfo | undefined {
    const entry = this.#names?.peek(bytes, start, end);
    const live = entry === undefined || !this.#isExpired(entry.expiresAtMs) ? entry : this.#expire(bytes, start, end);
    this.#databases.countLookup(live !== undefined);
    return live;
  }

  /** A key with its record's value. The memory is the engine's: it holds until the next call into the database. */
  view(bytes: Buffer, start: number, end: number): EntryView | undefined {
    const entry = this.#names?.view(bytes, start, end);
    const live = entry === undefined || !this.#isExpired(entry.expiresAtMs) ? entry : this.#expire(bytes, start, end);
    this.#databases.countLookup(live !== undefined);
    return live;
  }

  /** The space of elements; undefined while nothing has ever lain there. */
  get elements(): Space | undefined {
    return this.#elements;
  }

  /** The space of elements, created if need be. */
  ensureElements(): Space {
    if (this.#elements === undefined) {
      this.#elements = this.#databases.engine.createSpace({ order: 'key' });
      this.#databases.record();
    }
    return this.#elements;
  }

  /** An id that no value has had and none will have. */
  newId(): Buffer {
    const id = Buffer.alloc(ID_SIZE);
    id.writeBigUInt64BE(BigInt(this.#databases.engine.nextSeq()));
    return id;
  }

  /**
   * Put value[valueStart, valueEnd) under a key, over whatever was there. `expiresAtMs` 0 means none; `id` is that of the
   * value's parts, if it has any.
   */
  put(
    key: Buffer,
    keyStart: number,
    keyEnd: number,
    value: Buffer,
    valueStart: number,
    valueEnd: number,
    tag: number,
    expiresAtMs: number,
    id?: Buffer,
  ): void {
    if (keyEnd - keyStart > MAX_KEY_SIZE) throw new ReplyError(`ERR key is larger than ${MAX_KEY_SIZE} bytes`);
    const names = this.#names ?? this.#createNames();
    const keys = names.size;
    const old = this.#partsOf(key, keyStart, keyEnd);
    names.putSlice(key, keyStart, keyEnd, value, valueStart, valueEnd, tag, expiresAtMs, id);
    if (old !== undefined && id?.equals(old.id) !== true) removeParts(this.ensureElements(), old.id, old.size);
    if (names.size !== keys) this.#databases.effects.event('new', 'new', this.index, key, keyStart, keyEnd);
  }

  /** Remove a key that a lookup has found. */
  remove(bytes: Buffer, start: number, end: number): void {
    const old = this.#partsOf(bytes, start, end);
    this.#names?.deleteSlice(bytes, start, end);
    if (old !== undefined) removeParts(this.ensureElements(), old.id, old.size);
  }

  /** Remove a key that a lookup has found, but not its parts: they belong to another key now. */
  removeName(bytes: Buffer, start: number, end: number): void {
    this.#names?.deleteSlice(bytes, start, end);
  }

  /** Give a key that a lookup has found another expiry, 0 for none; its value is not written again. */
  expireAt(bytes: Buffer, start: number, end: number, expiresAtMs: number): void {
    this.#names?.expireSlice(bytes, start, end, expiresAtMs);
  }

  /**
   * Visit at least `count` live keys in hash order from `cursor` on, and return where to go on, 0 at the end.
   * The visitor must not change the keyspace; keys met expired are removed afterwards.
   */
  scan(cursor: number, count: number, visit: (entry: EntryInfo) => void): number {
    if (this.#names === undefined) return 0;
    const expired: string[] = [];
    const next = this.#names.scan(cursor, count, entry => {
      if (this.#isExpired(entry.expiresAtMs)) expired.push(entry.key);
      else visit(entry);
    });
    this.#expireAll(expired);
    return next;
  }

  /** Visit every live key, in no order. The same rules as for {@link scan}. */
  forEach(visit: (entry: EntryInfo) => void): void {
    if (this.#names === undefined) return;
    const expired: string[] = [];
    for (const entry of this.#names.infos()) {
      if (this.#isExpired(entry.expiresAtMs)) expired.push(entry.key);
      else visit(entry);
    }
    this.#expireAll(expired);
  }

  /** A live key, each with the same chance. */
  random(): EntryInfo | undefined {
    for (let tries = 0; tries < MAX_RANDOM_TRIES; tries++) {
      const entry = this.#names?.random();
      if (entry === undefined || !this.#isExpired(entry.expiresAtMs)) return entry;
      this.#expireAll([entry.key]);
    }
    return undefined;
  }

  /** Remove up to `limit` keys whose time has come; returns how many there were. */
  removeDue(limit: number): number {
    // The engine calls a key due at its millisecond, Redis only after it.
    const due = this.#names?.due(this.#databases.now - 1, limit) ?? [];
    const before = this.size;
    this.#expireAll(due.map(entry => entry.key));
    return before - this.size;
  }

  /** For {@link Databases} only: the pair as recorded. */
  pair(): SpacePair {
    return { names: this.#names?.id ?? null, elements: this.#elements?.id ?? null };
  }

  /** For {@link Databases} only: forget the pair, and return what has to be dropped. */
  detach(): Space[] {
    const spaces = [this.#names, this.#elements].filter(space => space !== undefined);
    this.#names = undefined;
    this.#elements = undefined;
    return spaces;
  }

  /** For {@link Databases} only: exchange the pairs of two databases. */
  exchange(other: Keyspace): void {
    [this.#names, other.#names] = [other.#names, this.#names];
    [this.#elements, other.#elements] = [other.#elements, this.#elements];
  }

  #createNames(): Space {
    const names = this.#databases.engine.createSpace({ order: 'hash' });
    this.#names = names;
    this.#databases.record();
    return names;
  }

  /** The parts of the value under a key; undefined when it has none. Costs nothing in a database without parts. */
  #partsOf(bytes: Buffer, start: number, end: number): { id: Buffer; size: number } | undefined {
    if (this.#elements === undefined || this.#elements.size === 0) return undefined;
    const entry = this.#names?.peek(bytes, start, end);
    if (entry === undefined || layoutOf(entry.tag) !== LAYOUT_PARTS) return undefined;
    const value = this.#names!.view(bytes, start, end)!;
    return { id: Buffer.from(value.orderKey!), size: sizeOfParts(value.buffer, value.start) };
  }

  #isExpired(expiresAtMs: number): boolean {
    return expiresAtMs !== 0 && expiresAtMs < this.#databases.now;
  }

  /** Remove a key whose time has come. A full disk is no reason to refuse a read: then the key only counts as absent. */
  #expire(bytes: Buffer, start: number, end: number): undefined {
    try {
      this.remove(bytes, start, end);
    } catch (error) {
      if (error instanceof EngineError && error.code === 'DISK_FULL') return undefined;
      throw error;
    }
    this.#databases.effects.expired(this.index, bytes, start, end);
    return undefined;
  }

  #expireAll(keys: readonly string[]): void {
    for (const key of keys) {
      const bytes = Buffer.from(key, 'latin1');
      this.#expire(bytes, 0, bytes.length);
    }
  }
}

/** All databases of the server, and the record that says which spaces are theirs. */
export class Databases {
  readonly engine: Database;
  readonly effects: Effects;
  readonly count: number;
  /** Milliseconds since the Unix epoch of the command that runs now; dispatch sets it. */
  now: number;
  /** Whether lookups are counted: for commands that only read, as Redis does. */
  countsLookups = false;
  /** Lookups of reading commands that found a key, and that found none. */
  hits = 0;
  misses = 0;
  readonly #keyspaces: Keyspace[];

  /** `engine` must be open with `expiry: 'caller'`. Reads the record; writes nothing. */
  constructor(engine: Database, effects: Effects, count: number) {
    this.engine = engine;
    this.effects = effects;
    this.count = count;
    this.now = Date.now();
    const pairs = readPairs(engine);
    const space = (id: number | null): Space | undefined => (id === null ? undefined : recordedSpace(engine, id));
    // Databases beyond `count` stay recorded and whole: a smaller `databases` setting must not lose data.
    this.#keyspaces = Array.from({ length: Math.max(count, pairs.length) }, (_, index) => {
      const pair = pairs[index] ?? { names: null, elements: null };
      return new Keyspace(this, index, space(pair.names), space(pair.elements));
    });
  }

  /** For {@link Keyspace} only: a lookup has found a key, or none. */
  countLookup(found: boolean): void {
    if (!this.countsLookups) return;
    if (found) this.hits++;
    else this.misses++;
  }

  /** The database that SELECT `index` means; the index must be below {@link count}. */
  get(index: number): Keyspace {
    return this.#keyspaces[index]!;
  }

  /** Is there a database with this number? */
  has(index: number): boolean {
    return index >= 0 && index < this.count;
  }

  /** Empty one database. Returns how many keys went. */
  flush(index: number): number {
    return this.#flush([this.get(index)]);
  }

  /** Empty every database. Returns how many keys went. */
  flushAll(): number {
    return this.#flush(this.#keyspaces);
  }

  /** Let two databases change places. */
  swap(a: number, b: number): void {
    if (a === b) return;
    this.effects.replaced(a, 0);
    this.effects.replaced(b, 0);
    this.get(a).exchange(this.get(b));
    this.record();
  }

  /** Write the record. For {@link Keyspace}, when it has created a space. */
  record(): void {
    const databases = this.#keyspaces.map(keyspace => keyspace.pair());
    this.engine.put(DATABASES_KEY, JSON.stringify({ version: DATABASES_VERSION, databases }));
  }

  #flush(keyspaces: readonly Keyspace[]): number {
    let removed = 0;
    const spaces: Space[] = [];
    for (const keyspace of keyspaces) {
      const keys = keyspace.size;
      this.effects.replaced(keyspace.index, keys);
      removed += keys;
      spaces.push(...keyspace.detach());
    }
    if (spaces.length === 0) return 0;
    this.record();
    for (const space of spaces) this.engine.dropSpace(space.id);
    return removed;
  }
}

function readPairs(engine: Database): readonly SpacePair[] {
  const bytes = engine.get(DATABASES_KEY);
  if (bytes === undefined) return [];
  const recorded = JSON.parse(bytes.toString()) as { version: number; databases: SpacePair[] };
  if (recorded.version !== DATABASES_VERSION) {
    throw new EngineError(
      'NEWER_FORMAT',
      `the list of databases has version ${recorded.version}, this program reads ${DATABASES_VERSION}`,
    );
  }
  return recorded.databases;
}

function recordedSpace(engine: Database, id: number): Space {
  const space = engine.space(id);
  if (space === undefined)
    throw new EngineError('NO_SPACE_WITH_ID', `the list of databases names space ${id}, which does not exist`);
  return space;
}
