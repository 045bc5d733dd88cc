/** The calls that a program makes to the disk, as the fault house names and numbers them. */

import type { FileSystem, OpenFile, OpenMode } from '../../../engine/src/disk/file-system.ts';

export type Operation = keyof OpenFile | Exclude<keyof FileSystem, 'open'> | OpenMode;

/** One call to the disk: what was asked of which file (its name, without the directory). */
export interface Call {
  readonly index: number;
  readonly operation: Operation;
  readonly file: string;
  /** Of a read, a write or a truncate: how many bytes, and from where on. Opening a file has neither. */
  readonly size?: number;
  readonly position?: number;
  /** Of a rename: what the file was called before. */
  readonly from?: string;
  /** Of a sync: that the disk could not do it. */
  readonly failed?: boolean;
}

/** What a call is told beside its file. */
export type Details = Pick<Call, 'size' | 'position' | 'from' | 'failed'>;

/** An error as the operating system would report it. */
export function diskError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: on purpose`), { code });
}

/** A write of bytes; opening a file to write to it is none. */
export const isWrite = ({ operation, size }: Call): boolean => operation === 'write' && size !== undefined;
export const isSync = ({ operation }: Call): boolean => operation === 'syncData' || operation === 'syncDataLater';

const CHANGES: ReadonlySet<Operation> = new Set<Operation>([
  'create',
  'truncate',
  'syncData',
  'syncDataLater',
  'rename',
  'remove',
  'makeDirectory',
  'syncDirectory',
]);

/** Whether a call changes what is on the disk, or what may get there. */
export const isChange = (call: Call): boolean => isWrite(call) || CHANGES.has(call.operation);
