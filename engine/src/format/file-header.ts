/**
 * File header: the first 32 bytes of a data file. They say whose file this is and how to read the rest.
 *
 *    OFFSET  SIZE  FIELD             MEANING                                      (all integers little-endian)
 *         0     8  magic             "ZEROCASK"
 *         8     2  version           of the format, as written
 *        10     2  minReaderVersion  a reader of a lower version must not try
 *        12     4  fileId            the number in the file's name
 *        16     4  salt              random; every CRC in the file begins with it
 *        20     8  reserved          zeroes
 *        28     4  crc               CRC-32 of the 28 bytes before
 *
 * Invariant: the salt of a file never changes, and no two files of a database share one on purpose.
 */

import { EngineError } from '../errors.ts';
import { crc32 } from './crc32.ts';

/** Size of the header in bytes; the first record of a file begins here. */
export const FILE_HEADER_SIZE = 32;

/** The format this code writes, and the newest it can read. */
export const FORMAT_VERSION = 1;

const MAGIC = Buffer.from('ZEROCASK', 'latin1');
const VERSION_OFFSET = 8;
const MIN_READER_OFFSET = 10;
const FILE_ID_OFFSET = 12;
const SALT_OFFSET = 16;
const CRC_OFFSET = 28;

/** What a data file's header says. */
export interface FileHeader {
  readonly fileId: number;
  /** 0 to 2^32 - 1. */
  readonly salt: number;
}

/** The 32 bytes a new data file begins with. */
export function encodeFileHeader(header: FileHeader): Buffer {
  const bytes = Buffer.alloc(FILE_HEADER_SIZE);
  MAGIC.copy(bytes);
  bytes.writeUInt16LE(FORMAT_VERSION, VERSION_OFFSET);
  bytes.writeUInt16LE(FORMAT_VERSION, MIN_READER_OFFSET);
  bytes.writeUInt32LE(header.fileId, FILE_ID_OFFSET);
  bytes.writeUInt32LE(header.salt, SALT_OFFSET);
  bytes.writeUInt32LE(crc32(bytes, 0, CRC_OFFSET), CRC_OFFSET);
  return bytes;
}

/**
 * The header in these bytes. `'torn'`: they are too few. `'corrupt'`: they are no header of ours.
 * @throws {EngineError} `NEWER_FORMAT` when the file was written for newer readers than this one.
 */
export function decodeFileHeader(bytes: Buffer): FileHeader | 'torn' | 'corrupt' {
  if (bytes.length < FILE_HEADER_SIZE) return 'torn';
  if (MAGIC.compare(bytes, 0, MAGIC.length) !== 0) return 'corrupt';
  if (bytes.readUInt32LE(CRC_OFFSET) !== crc32(bytes, 0, CRC_OFFSET)) return 'corrupt';
  const neededVersion = bytes.readUInt16LE(MIN_READER_OFFSET);
  if (neededVersion > FORMAT_VERSION) {
    throw new EngineError(
      'NEWER_FORMAT',
      `the data file needs format version ${neededVersion}, this program reads up to ${FORMAT_VERSION}: use a newer one`,
    );
  }
  return { fileId: bytes.readUInt32LE(FILE_ID_OFFSET), salt: bytes.readUInt32LE(SALT_OFFSET) };
}
