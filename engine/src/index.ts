/** The public door of @zerocask/engine: whatever may be used from outside is named here. */

export type { Problem, ProblemCode } from './check/check-file.ts';
export type { LostBytes, RepairOptions, RepairReport, RewrittenFile } from './check/repair.ts';
export type { VerifyReport } from './check/verify.ts';
export { Database, type DatabaseStats } from './database.ts';
export { type FileSystem, nodeFileSystem, type OpenFile, type OpenMode } from './disk/file-system.ts';
export { CorruptionError, EngineError, type EngineErrorCode } from './errors.ts';
export type { Input } from './format/bytes.ts';
export { MAX_KEY_SIZE, MAX_VALUE_SIZE } from './format/record.ts';
export type { SpaceOrder } from './keydir/key-index.ts';
export { type EntryInfo, type KeyString, keyBytes } from './keydir/keydir.ts';
export type { MergeReport } from './merge/merger.ts';
export type {
  ChangeOptions,
  CheckOptions,
  DatabaseOptions,
  DeleteOptions,
  DirectoryOptions,
  Durability,
  MergeOptions,
  MergeProgress,
  MergeSettings,
  OpenProgress,
  OptimisticOptions,
  PutOptions,
  UpdateOptions,
} from './options.ts';
export type { CutTail } from './recovery/lost.ts';
export type { RecoveryReport } from './recovery/recovery.ts';
export type { Cursor } from './scan/cursor.ts';
export type { EntryWithValue } from './scan/moment.ts';
export type { KeyRange, Range } from './scan/scan.ts';
export type { Snapshot, SpaceSnapshot } from './scan/snapshot.ts';
export type { EntryView, Space } from './space/space.ts';
export type { Transaction, TransactionSpace } from './transaction/transaction.ts';
export type { BatchDeleteOptions, BatchPutOptions, Operation, WriteBatch } from './transaction/write-batch.ts';
