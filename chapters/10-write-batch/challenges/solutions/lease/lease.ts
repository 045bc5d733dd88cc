/** A lease: a key whose value says who has it and until when. Its seq is the token: it rises with every holder. */
import type { Database } from '../engine/src/database.ts';
import { EngineError } from '../engine/src/errors.ts';

interface Lease {
  readonly holder: string;
  readonly untilMs: number;
}

const keyOf = (name: string): string => `lease/${name}`;

/** The lease, whoever has it, with its seq. */
function leaseOf(db: Database, name: string): (Lease & { readonly seq: number }) | undefined {
  const entry = db.getEntry(keyOf(name));
  return entry && { ...(JSON.parse(String(entry.value)) as Lease), seq: entry.seq };
}

export function holderOf(db: Database, name: string, nowMs: number): string | undefined {
  const lease = leaseOf(db, name);
  return lease !== undefined && lease.untilMs > nowMs ? lease.holder : undefined;
}

export function acquire(db: Database, name: string, holder: string, nowMs: number, ttlMs: number): number | undefined {
  const lease = leaseOf(db, name);
  if (lease !== undefined && lease.untilMs > nowMs) return undefined;
  const value = JSON.stringify({ holder, untilMs: nowMs + ttlMs } satisfies Lease);
  return unlessConflict(() =>
    db.put(keyOf(name), value, lease === undefined ? { ifAbsent: true } : { ifSeq: lease.seq }),
  );
}

export function renew(db: Database, name: string, token: number, nowMs: number, ttlMs: number): number | undefined {
  const lease = leaseOf(db, name);
  if (lease?.seq !== token || lease.untilMs <= nowMs) return undefined;
  const value = JSON.stringify({ holder: lease.holder, untilMs: nowMs + ttlMs } satisfies Lease);
  return unlessConflict(() => db.put(keyOf(name), value, { ifSeq: token }));
}

export function release(db: Database, name: string, token: number): boolean {
  return unlessConflict(() => db.delete(keyOf(name), { ifSeq: token })) !== undefined;
}

/** What `change` returns, or undefined when somebody else was faster. Every other error is passed on. */
function unlessConflict(change: () => number | undefined): number | undefined {
  try {
    return change();
  } catch (error) {
    if (error instanceof EngineError && error.code === 'CONFLICT') return undefined;
    throw error;
  }
}
