// superseded later: imports
/**
 * RecordReader: the records of a data file one after the other, from the first to the first that cannot be read; and, for
 * those who ask, those behind it.
 *
 * It looks at the file through a window of memory that moves along, so a file of any size takes a megabyte.
 * Left out: what a record that cannot be read means: a torn tail or damage (recovery.ts decides).
 */

import { crc32 } from '../format/crc32.ts';
import { FILE_HEADER_SIZE } from '../format/file-header.ts';
import { decodeRecord, FLAG_COMPRESSED, FLAGS_OFFSET, KIND_BATCH_END, type LogRecord } from '../format/record.ts';
import type { DataFile } from './data-file.ts';
