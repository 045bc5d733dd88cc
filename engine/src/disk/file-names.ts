/**
 * File names: which file in a database directory is what. Data files carry their number, in ten digits so that a
 * listing by name is a listing by number.
 */

declare const brand: unique symbol;

/** The number of a data file, 1 to 2^32 - 1. Branded, because an offset in its place would read the wrong bytes. */
export type FileId = number & { readonly [brand]: 'FileId' };

/** The highest number a data file can have: it is stored in four bytes. */
export const MAX_FILE_ID: number = 2 ** 32 - 1;

const DATA_FILE_PATTERN = /^(\d{10})\.data$/;
const MERGING_FILE_PATTERN = /^\d{10}\.merging$/;
const HINT_FILE_PATTERN = /^\d{10}\.hint$/;

/** The name of data file `id`: `0000000001.data`. */
export function dataFileName(id: FileId): string {
  return `${String(id).padStart(10, '0')}.data`;
}

/** The name of data file `id` while a merge is writing it: `0000000001.merging`. */
export function mergingFileName(id: FileId): string {
  return `${String(id).padStart(10, '0')}.merging`;
}

/** The name of the hint beside data file `id`: `0000000001.hint`. */
export function hintFileName(id: FileId): string {
  return `${String(id).padStart(10, '0')}.hint`;
}

/** Whether this is the name of a hint. */
export function isHintFileName(name: string): boolean {
  return HINT_FILE_PATTERN.test(name);
}

/** Whether this is the name of a file that a merge was writing. */
export function isMergingFileName(name: string): boolean {
  return MERGING_FILE_PATTERN.test(name);
}

/** The number in a data file's name; `undefined` when this is no data file's name. */
export function parseDataFileName(name: string): FileId | undefined {
  const digits = DATA_FILE_PATTERN.exec(name)?.[1];
  if (digits === undefined) return undefined;
  const id = Number(digits);
  return id >= 1 && id <= MAX_FILE_ID ? (id as FileId) : undefined;
}
