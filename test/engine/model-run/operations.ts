/**
 * The operations of a model run: each does the same to the store and to the model, and compares what both answer. Each says in
 * a few words what it has done.
 */
import type { Durability, Operation, Range, Space } from '../../../engine/src/index.ts';
import type { Key } from './keys.ts';
import { type ModelSpace, sameValue, type Value } from './model.ts';
import type { LaterDatabase, OpenCursor, Pair } from './pair.ts';
import { toValue } from './store-reader.ts';

type Act = (pair: Pair) => string | Promise<string>;

/** An operation, and how often it happens among all. */
interface Kind {
  readonly name: string;
  readonly weight: number;
  readonly act: Act;
  /** The method that the engine must have. */
  readonly needs?: keyof LaterDatabase | 'transaction';
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

// ---------------------------------------------------------------------------------------------------- random things

/** Bytes as hex. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: { type?: string; data?: number[] } | undefined) =>
    part?.type === 'Buffer' ? Buffer.from(part.data!).toString('hex') : part,
  );

function anySpace(pair: Pair): ModelSpace {
  const spaces = [...pair.model.spaces.values()];
  return pair.random(2) === 0 ? spaces[0]! : spaces[pair.random(spaces.length)]!;
}

const anyKey = (pair: Pair): Key => pair.random(pair.keys.count);

function anyBytes(pair: Pair): Buffer {
  const size = [0, 1, 20, 20, 60, 60, 100, 700][pair.random(8)]! + pair.random(30);
  const bytes = Buffer.alloc(pair.random(60) === 0 ? 5000 : size, pair.random(256));
  if (bytes.length >= 4) bytes.writeUInt32LE(pair.random(2 ** 32), 0);
  return bytes;
}

/** A new value, with its options as `put` takes them. */
function anyValue(pair: Pair) {
  const bytes = anyBytes(pair);
  const tag = pair.random(3) === 0 ? pair.random(256) : 0;
  const expiresAtMs = pair.random(5) === 0 ? pair.nowMs + pair.random(400) - 20 : 0;
  const orderKey = pair.random(6) === 0 ? Buffer.alloc(8, pair.random(256)) : undefined;
  const options = { tag, ...(expiresAtMs > 0 && { expiresAtMs }), ...(orderKey && { orderKey }) };
  const value = (seq: number): Value => ({ bytes, tag, expiresAtMs, orderKey, seq, blurred: false });
  return { bytes, options, value };
}

function anyRange(pair: Pair, space: ModelSpace): Range {
  const limit = pair.random(4) === 0 ? { limit: pair.random(20) } : {};
  if (space.order === 'hash') return limit;
  const bound = (): Buffer => pair.keys.bytes[anyKey(pair)]!;
  const range: Record<string, unknown> = { ...limit, ...(pair.random(3) === 0 && { reverse: true }) };
  if (pair.random(4) === 0) range['prefix'] = bound().subarray(0, 1 + pair.random(2));
  else {
    if (pair.random(2) === 0) range[pair.random(2) === 0 ? 'gt' : 'gte'] = bound();
    if (pair.random(2) === 0) range[pair.random(2) === 0 ? 'lt' : 'lte'] = bound();
  }
  return range as Range;
}

/** The keys of a range, by plain comparison. */
function keysIn(pair: Pair, range: Range): Key[] {
  const { gt, gte, lt, lte, prefix } = range as Record<'gt' | 'gte' | 'lt' | 'lte' | 'prefix', Buffer | undefined>;
  const found: Key[] = [];
  for (const [key, bytes] of pair.keys.bytes.entries()) {
    if (gt !== undefined && Buffer.compare(bytes, gt) <= 0) continue;
    if (gte !== undefined && Buffer.compare(bytes, gte) < 0) continue;
    if (lt !== undefined && Buffer.compare(bytes, lt) >= 0) continue;
    if (lte !== undefined && Buffer.compare(bytes, lte) > 0) continue;
    if (prefix !== undefined && !bytes.subarray(0, prefix.length).equals(prefix)) continue;
    found.push(key);
  }
  return range.reverse ? found.reverse() : found;
}

/** What a walk over the range must give, in order. */
function expectedIn(pair: Pair, space: Pick<ModelSpace, 'values'>, range: Range): [Key, Value][] {
  const entries = keysIn(pair, range).flatMap(key => {
    const value = space.values[key];
    return value === undefined ? [] : [[key, value] satisfies [Key, Value]];
  });
  return entries.slice(0, range.limit);
}

// ---------------------------------------------------------------------------------------------------------- changes

/** A change by itself has returned at this level: what survives now? */
function returned(pair: Pair, level: Durability = pair.level): void {
  if (pair.commit === 'turn' || level === 'memory') return;
  pair.model.keptByKill();
  if (level === 'disk') pair.model.keptByCut(pair.model.moment);
}

/** The level of one call: mostly the store's. In turn mode levels are those of the store. */
function anyCallLevel(pair: Pair): { durability?: Durability } {
  return pair.commit === 'call' && pair.random(20) === 0 ? { durability: pair.anyLevel() } : {};
}

const put: Act = pair => {
  const [space, key, made, level] = [anySpace(pair), anyKey(pair), anyValue(pair), anyCallLevel(pair)];
  const seq = pair.spaceOf(space).put(pair.keys.bytes[key]!, made.bytes, { ...made.options, ...level });
  pair.model.step(() => pair.model.set(space, key, made.value(seq)));
  returned(pair, level.durability);
  return `put ${space.id}:${key} ${made.bytes.length} bytes ${textOf(made.options)} ${textOf(level)} -> ${seq}`;
};

const remove: Act = pair => {
  const [space, key, level] = [anySpace(pair), anyKey(pair), anyCallLevel(pair)];
  const seq = pair.spaceOf(space).delete(pair.keys.bytes[key]!, level);
  const expected = pair.model.look(space, key);
  mustAgree('delete', seq !== undefined, expected !== undefined, `${space.id}:${key}`);
  pair.model.step(() => pair.model.set(space, key, undefined));
  if (seq !== undefined) returned(pair, level.durability);
  return `delete ${space.id}:${key} -> ${seq}`;
};

const expire: Act = pair => {
  const [space, key] = [anySpace(pair), anyKey(pair)];
  const expiresAtMs = pair.random(3) === 0 ? undefined : pair.nowMs + pair.random(500) - 10;
  const seq = pair.spaceOf(space).expireAt(pair.keys.bytes[key]!, expiresAtMs);
  const old = pair.model.look(space, key);
  mustAgree('expireAt', seq !== undefined, old !== undefined, `${space.id}:${key}`);
  if (old !== undefined) {
    const value = { ...old, expiresAtMs: expiresAtMs ?? 0, seq: seq!, blurred: false };
    pair.model.step(() => pair.model.set(space, key, value));
    returned(pair);
  }
  return `expireAt ${space.id}:${key} ${expiresAtMs} -> ${seq}`;
};

const update: Act = pair => {
  const [space, key, made] = [anySpace(pair), anyKey(pair), anyValue(pair)];
  const removes = pair.random(5) === 0;
  const seq = pair.spaceOf(space).update(pair.keys.bytes[key]!, () => (removes ? undefined : made.bytes));
  const old = pair.model.look(space, key);
  mustAgree('update', seq !== undefined, !removes || old !== undefined, `${space.id}:${key}`);
  const fresh = { ...made.value(seq ?? 0), tag: 0, expiresAtMs: 0, orderKey: undefined };
  const value = old === undefined ? fresh : { ...old, bytes: made.bytes, seq: seq ?? 0, blurred: false };
  pair.model.step(() => pair.model.set(space, key, removes ? undefined : value));
  if (seq !== undefined) returned(pair);
  return `update ${space.id}:${key} ${removes ? 'to nothing' : `${made.bytes.length} bytes`} -> ${seq}`;
};

const conditional: Act = pair => {
  const [space, key, made] = [anySpace(pair), anyKey(pair), anyValue(pair)];
  const bytes = pair.keys.bytes[key]!;
  const store = pair.spaceOf(space);
  const seqNow = store.getEntry(bytes)?.seq;
  mustAgree('getEntry', seqNow !== undefined, pair.model.look(space, key) !== undefined, `${space.id}:${key}`);
  const condition =
    pair.random(2) === 0 ? { ifAbsent: true as const } : { ifSeq: pair.random(2) === 0 ? (seqNow ?? 7) : 3 };
  const met = 'ifAbsent' in condition ? seqNow === undefined : condition.ifSeq === seqNow;
  try {
    const seq = store.put(bytes, made.bytes, { ...made.options, ...condition });
    if (!met) throw new Error(`a put of ${space.id}:${key} that had to conflict did not`);
    pair.model.step(() => pair.model.set(space, key, made.value(seq)));
    returned(pair);
  } catch (error) {
    if (met || (error as { code?: string }).code !== 'CONFLICT') throw error;
  }
  return `put ${space.id}:${key} ${textOf(condition)}: ${met ? 'met' : 'unmet'}`;
};

const putMany: Act = pair => {
  const [space, made] = [anySpace(pair), anyValue(pair)];
  const keys = Array.from({ length: pair.random(6) }, () => anyKey(pair));
  pair.spaceOf(space).putMany(
    keys.map(key => [pair.keys.bytes[key]!, made.bytes] as const),
    made.options,
  );
  pair.model.step(() => {
    for (const key of keys) pair.model.set(space, key, made.value(0));
  });
  if (keys.length > 0) returned(pair);
  return `putMany ${space.id}:${keys} ${made.bytes.length} bytes`;
};

/** Some changes in some spaces; doing them to the model is one step. */
function anyChanges(pair: Pair): { operations: Operation[]; apply: () => void; text: string } {
  const changes = Array.from({ length: 1 + pair.random(8) }, () => {
    const made = pair.random(3) === 0 ? undefined : anyValue(pair);
    return { space: anySpace(pair), key: anyKey(pair), made };
  });
  return {
    operations: changes.map(({ space, key, made }) => {
      const common = { key: pair.keys.bytes[key]!, space: space.id };
      return made === undefined
        ? { type: 'delete', ...common }
        : { type: 'put', ...common, value: made.bytes, ...made.options };
    }),
    apply: () => {
      for (const { space, key, made } of changes) pair.model.set(space, key, made?.value(0));
    },
    text: changes.map(({ space, key, made }) => `${made ? 'put' : 'delete'} ${space.id}:${key}`).join(', '),
  };
}

const batch: Act = pair => {
  const { operations, apply, text } = anyChanges(pair);
  const made = pair.db.batch();
  for (const operation of operations) {
    if (operation.type === 'put') {
      const { key, value, type: _, ...options } = operation;
      made.put(key, value, options);
    } else {
      const { key, type: _, ...options } = operation;
      made.delete(key, options);
    }
  }
  made.commit();
  pair.model.step(apply);
  returned(pair);
  return `batch: ${text}`;
};

const write: Act = async pair => {
  const count = 1 + pair.random(3);
  const several = Array.from({ length: count }, () => anyChanges(pair));
  const level = pair.commit === 'call' && pair.random(4) === 0 ? pair.anyLevel() : pair.level;
  const writes = several.map(({ operations }) => pair.db.write(operations, { durability: level }));
  const wasDone = pair.model.moment;
  for (const { apply } of several) pair.model.step(apply);
  await Promise.all(writes);
  pair.count('writes in one turn', pair.model.moment - wasDone);
  if (level !== 'memory') pair.model.keptByKill();
  if (level === 'disk') pair.model.keptByCut(pair.model.moment);
  return `${count} writes at ${textOf(level)}: ${several.map(({ text }) => text).join(' | ')}`;
};

const deleteRange: Act = pair => {
  const space = anySpace(pair);
  const { limit: _, reverse: __, ...range } = anyRange(pair, space);
  const all = space.order === 'hash' || pair.random(15) === 0;
  if (all && pair.random(4) !== 0) return 'nothing';
  const store = pair.spaceOf(space);
  const seq = all ? store.clear() : store.deleteRange(range);
  pair.model.removeDue(space);
  const keys = expectedIn(pair, space, all ? {} : range).map(([key]) => key);
  mustAgree('deleteRange', seq !== undefined, keys.length > 0, `space ${space.id}`);
  pair.model.step(() => {
    for (const key of keys) pair.model.set(space, key, undefined);
  });
  if (seq !== undefined) returned(pair);
  return `deleteRange ${space.id} ${all ? 'all' : textOf(range)}: ${keys.length} keys -> ${seq}`;
};

interface Tx {
  get(key: Buffer, space?: number): Buffer | undefined;
  put(key: Buffer, value: Buffer, options?: object): unknown;
  delete(key: Buffer, options?: object): unknown;
}

/** Changes in a transaction, some of which fail and leave nothing; own writes are seen. */
const transaction: Act = pair => {
  const fails = pair.random(4) === 0;
  const keys = Array.from({ length: 1 + pair.random(6) }, () => anyKey(pair));
  const space = pair.model.spaces.get(0)!;
  const after = new Map<Key, Value | undefined>();
  const run = (pair.db as unknown as { transaction(body: (tx: Tx) => void): unknown }).transaction.bind(pair.db);
  const body = (tx: Tx): void => {
    for (const key of keys) {
      const bytes = pair.keys.bytes[key]!;
      const shown = tx.get(bytes);
      const expected = after.has(key) ? after.get(key) : pair.model.look(space, key);
      const isRight = shown === undefined ? expected === undefined : expected?.bytes.equals(shown);
      if (!isRight) throw new Error(`a transaction reads another value of key ${key}`);
      const made = pair.random(3) === 0 ? undefined : anyValue(pair);
      if (made === undefined) tx.delete(bytes);
      else tx.put(bytes, made.bytes, { ...made.options, expiresAtMs: undefined });
      after.set(key, made && { ...made.value(0), expiresAtMs: 0 });
    }
    if (fails) throw new Error('on purpose');
  };
  try {
    run(body);
    pair.model.step(() => {
      for (const [key, value] of after) pair.model.set(space, key, value);
    });
    returned(pair);
  } catch (error) {
    if (!fails || (error as Error).message !== 'on purpose') throw error;
  }
  return `transaction ${fails ? 'rolled back' : ''} ${keys}`;
};

const makeSpace: Act = pair => {
  if (pair.model.spaces.size > 5) return 'nothing';
  const order = pair.random(2) === 0 ? 'hash' : 'key';
  const { id } = pair.db.createSpace({ order });
  if (pair.model.spaces.has(id)) throw new Error(`space ${id} is there already`);
  pair.model.step(() => pair.model.makeSpace(id, order));
  returned(pair);
  return `createSpace ${order} -> ${id}`;
};

const dropSpace: Act = pair => {
  const spaces = [...pair.model.spaces.values()].slice(1);
  const space = spaces[pair.random(Math.max(1, spaces.length))];
  if (space === undefined) return 'nothing';
  pair.db.dropSpace(space.id);
  pair.model.step(() => pair.model.dropSpace(space));
  returned(pair);
  return `dropSpace ${space.id}`;
};

// ------------------------------------------------------------------------------------------------------------ reads

const get: Act = pair => {
  const [space, key] = [anySpace(pair), anyKey(pair)];
  const bytes = pair.keys.bytes[key]!;
  const store = pair.spaceOf(space);
  const how = pair.random(5);
  if (how === 0) mustAgree('has', store.has(bytes), pair.model.look(space, key) !== undefined, `${space.id}:${key}`);
  else if (how === 1) {
    const shown = store.getEntry(bytes);
    pair.mustFit(space, key, space.values[key], shown && toValue(shown));
    pair.model.look(space, key);
  } else {
    const shown = how === 2 ? store.getMany([bytes, bytes])[1] : store.get(bytes);
    const expected = pair.model.look(space, key);
    if (shown === undefined ? expected !== undefined : !expected?.bytes.equals(shown)) {
      throw new Error(`get ${space.id}:${key} answers ${shown?.length} bytes, must be ${expected?.bytes.length}`);
    }
  }
  return `get ${space.id}:${key}`;
};

const size: Act = pair => {
  pair.checkSizes();
  return 'size';
};

const walk: Act = pair => {
  const space = anySpace(pair);
  const range = anyRange(pair, space);
  const shown = [...pair.spaceOf(space).entries(range)];
  pair.model.removeDue(space);
  compareWalk(pair, space, range, shown);
  return `entries ${space.id} ${textOf(range)}: ${shown.length}`;
};

function compareWalk(
  pair: Pair,
  space: Pick<ModelSpace, 'order' | 'values'>,
  range: Range,
  shown: readonly [Buffer, Buffer][],
): void {
  const found = shown.map(([key, value]) => [pair.keys.numberOf(key), value] as const);
  const expected = expectedIn(pair, space, space.order === 'key' ? range : {});
  if (space.order === 'hash') {
    found.sort(([a], [b]) => a - b); // What the order by hash is, only the store knows.
    if (range.limit !== undefined) {
      mustAgree('a walk with a limit', found.length === Math.min(range.limit, expected.length), true, 'by hash');
      return;
    }
  }
  const isSame = found.every(([key, value], i) => expected[i]?.[0] === key && expected[i]?.[1].bytes.equals(value));
  if (!isSame || found.length !== expected.length) {
    throw new Error(`a walk gives ${found.map(([key]) => key)}, must be ${expected.map(([key]) => key)}`);
  }
}

const cursorStep: Act = pair => {
  if (pair.cursors.length < 3 && pair.random(4) === 0) return beginCursor(pair);
  const open = pair.cursors[pair.random(Math.max(1, pair.cursors.length))];
  if (open === undefined) return 'nothing';
  if (pair.random(20) === 0) {
    open.cursor.return();
    pair.cursors = pair.cursors.filter(each => each !== open);
    return 'cursor.return';
  }
  const steps = pair.random(8);
  for (let i = 0; i < steps && pair.cursors.includes(open); i++) stepCursor(pair, open);
  return `${steps} steps of a cursor`;
};

function beginCursor(pair: Pair): string {
  const space = anySpace(pair);
  if (space.order === 'hash') return 'nothing';
  const range = anyRange(pair, space);
  const open: OpenCursor = { cursor: pair.spaceOf(space).entries(range), left: [] };
  const first = open.cursor.next();
  pair.model.removeDue(space);
  open.left.push(...expectedIn(pair, space, range));
  compareStep(pair, open, first);
  return `a cursor over ${space.id} ${textOf(range)}`;
}

function stepCursor(pair: Pair, open: OpenCursor): void {
  compareStep(pair, open, open.cursor.next());
}

function compareStep(
  pair: Pair,
  open: OpenCursor,
  { value: shown }: IteratorResult<[Buffer, Buffer], undefined>,
): void {
  const expected = open.left.shift();
  const isRight =
    shown === undefined
      ? expected === undefined
      : expected?.[0] === pair.keys.numberOf(shown[0]) && expected[1].bytes.equals(shown[1]);
  if (!isRight)
    throw new Error(`a cursor gives key ${shown && pair.keys.numberOf(shown[0])}, must be ${expected?.[0]}`);
  if (shown === undefined) pair.cursors = pair.cursors.filter(each => each !== open);
  else if (!pair.cursors.includes(open)) pair.cursors.push(open);
}

const snapshot: Act = pair => {
  if (pair.snapshots.length < 4 && pair.random(3) === 0) {
    const made = pair.db.snapshot();
    for (const space of pair.model.spaces.values()) pair.model.removeDue(space);
    const spaces = new Map(
      Array.from(pair.model.spaces.values(), ({ id, order, values }) => [id, { order, values: [...values] }]),
    );
    pair.snapshots.push({ snapshot: made, spaces });
    return `snapshot at ${made.seq}`;
  }
  const open = pair.snapshots[pair.random(Math.max(1, pair.snapshots.length))];
  if (open === undefined) return 'nothing';
  if (pair.random(6) === 0) {
    open.snapshot.close();
    pair.snapshots = pair.snapshots.filter(each => each !== open);
    return 'snapshot.close';
  }
  return readSnapshot(pair, open);
};

function readSnapshot(pair: Pair, { snapshot: made, spaces }: Pair['snapshots'][number]): string {
  const ids = [...spaces.keys(), 1 + pair.random(30)];
  const id = ids[pair.random(ids.length)]!;
  const [store, space] = [made.space(id), spaces.get(id)];
  mustAgree(`snapshot.space(${id})`, store !== undefined, space !== undefined, `at ${made.seq}`);
  if (store === undefined || space === undefined) return 'a space that a snapshot has not';
  if (pair.random(4) === 0) {
    const range = anyRange(pair, { id, ...space });
    compareWalk(pair, space, range, [...store.entries(range)]);
    return `entries of a snapshot at ${made.seq}, ${id} ${textOf(range)}`;
  }
  const key = anyKey(pair);
  const shown = store.getEntry(pair.keys.bytes[key]!);
  const expected = space.values[key];
  const isRight = shown === undefined ? expected === undefined : expected && sameValue(expected, toValue(shown));
  if (!isRight) throw new Error(`a snapshot at ${made.seq} shows another value of ${id}:${key}`);
  return `get ${id}:${key} of a snapshot at ${made.seq}`;
}

const hashCalls: Act = pair => {
  const space = anySpace(pair);
  if (space.order !== 'hash') return 'nothing';
  const store: Space = pair.spaceOf(space);
  const found = new Set<Key>();
  for (let cursor = store.scan(0, 10, visit); cursor !== 0; cursor = store.scan(cursor, 10, visit));
  function visit({ key }: { readonly key: string }): void {
    found.add(pair.keys.numberOf(Buffer.from(key, 'latin1')));
  }
  pair.model.removeDue(space);
  mustAgree('scan', found.size === pair.model.count(space), true, `space ${space.id}`);
  const any = store.random();
  mustAgree('random', any !== undefined, found.size > 0, `space ${space.id}`);
  return `scan and random of ${space.id}`;
};

// --------------------------------------------------------------------------------------------- time, disk, process

const moveClock: Act = pair => {
  const by = pair.random(6) === 0 ? -pair.random(2000) : pair.random(60);
  pair.nowMs = Math.max(1_000_000, pair.nowMs + by);
  return `the clock moves by ${by}`;
};

const sync: Act = async pair => {
  const moment = pair.model.moment;
  await pair.db.sync();
  pair.model.keptByKill();
  pair.model.keptByCut(moment);
  return 'sync';
};

const endTurn: Act = async pair => {
  if (pair.commit === 'turn' && pair.random(2) === 0) {
    const [moment, position] = [pair.model.moment, pair.db.position];
    pair.db.commitTurn();
    await pair.db.durable(position);
    if (pair.level !== 'memory') pair.model.keptByKill();
    if (pair.level === 'disk') pair.model.keptByCut(moment);
    return 'commitTurn and durable';
  }
  await turn();
  await turn();
  pair.model.keptByKill();
  return 'the turn ends';
};

const changeLevel: Act = pair => {
  pair.level = pair.anyLevel();
  pair.db.durability = pair.level;
  return `level ${textOf(pair.level)}`;
};

const nextSeq: Act = pair => `nextSeq -> ${pair.db.nextSeq()}`;

const reopen: Act = async pair => {
  await pair.reopen();
  return 'reopened';
};

const kill: Act = async pair => {
  await pair.crash('kill');
  return 'killed';
};

const cut: Act = async pair => {
  await pair.crash('cut');
  return 'power cut';
};

const checkAll: Act = pair => {
  pair.checkAll();
  return 'compared';
};

/** Sometimes it is waited for, mostly it goes on beside what comes next. */
const merge: Act = async pair => {
  const { merge: run } = pair.db as unknown as LaterDatabase;
  if (pair.merging !== undefined) {
    await pair.merging;
    pair.merging = undefined;
    return 'a merge has ended';
  }
  const filesBefore = pair.db.stats.dataFiles;
  const merging = run!.call(pair.db);
  pair.count('merges');
  pair.merging = merging.catch((error: { code?: string }) => {
    if (error.code !== 'CLOSED' && error.code !== 'ABORTED') throw error;
  });
  pair.merging.catch(() => {}); // Whoever waits for it gets the error.
  if (pair.random(3) !== 0) return 'a merge begins';
  await pair.merging;
  pair.merging = undefined;
  return `merge: ${filesBefore} files became ${pair.db.stats.dataFiles}`;
};

const verify: Act = async pair => {
  const { verify: run } = pair.db as unknown as LaterDatabase;
  const report = await run!.call(pair.db);
  if (report.ok === false || (report.problems?.length ?? 0) > 0) {
    throw new Error(`verify finds ${textOf(report)}`);
  }
  return 'verify';
};

function mustAgree(what: string, shown: boolean, expected: boolean, where: string): void {
  if (shown !== expected) throw new Error(`${what} says ${shown}, must say ${expected}: ${where}`);
}

const KINDS: readonly Kind[] = [
  { name: 'put', weight: 300, act: put },
  { name: 'delete', weight: 90, act: remove },
  { name: 'expireAt', weight: 40, act: expire },
  { name: 'update', weight: 20, act: update },
  { name: 'conditional put', weight: 15, act: conditional },
  { name: 'putMany', weight: 10, act: putMany },
  { name: 'batch', weight: 40, act: batch },
  { name: 'write', weight: 25, act: write },
  { name: 'transaction', weight: 30, act: transaction, needs: 'transaction' },
  { name: 'deleteRange', weight: 10, act: deleteRange },
  { name: 'createSpace', weight: 4, act: makeSpace },
  { name: 'dropSpace', weight: 3, act: dropSpace },
  { name: 'get', weight: 150, act: get },
  { name: 'size', weight: 4, act: size },
  { name: 'entries', weight: 25, act: walk },
  { name: 'cursor', weight: 50, act: cursorStep },
  { name: 'snapshot', weight: 60, act: snapshot },
  { name: 'scan', weight: 4, act: hashCalls },
  { name: 'clock', weight: 25, act: moveClock },
  { name: 'sync', weight: 6, act: sync },
  { name: 'turn', weight: 30, act: endTurn },
  { name: 'level', weight: 1, act: changeLevel },
  { name: 'nextSeq', weight: 2, act: nextSeq },
  { name: 'check', weight: 1, act: checkAll },
  { name: 'merge', weight: 3, act: merge, needs: 'merge' },
  { name: 'verify', weight: 0.3, act: verify, needs: 'verify' },
  { name: 'reopen', weight: 0.7, act: reopen },
  { name: 'kill', weight: 0.7, act: kill },
  { name: 'power cut', weight: 0.9, act: cut },
];

/** The operations that this engine has. */
export function kindsFor(pair: Pair): readonly Kind[] {
  return KINDS.filter(({ needs }) => needs === undefined || needs in pair.db);
}

/** One of these, each as often as its weight says. */
export function choose(kinds: readonly Kind[], random: (below: number) => number): Kind {
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
  let left = (random(1_000_000) / 1_000_000) * total;
  for (const kind of kinds) {
    left -= kind.weight;
    if (left < 0) return kind;
  }
  return kinds[0]!;
}
