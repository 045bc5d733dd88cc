/** Write a hint: read a sealed data file once, so that the next opening need not. */

import { DataFile } from '../disk/data-file.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { HintBuilder } from '../disk/hint-file.ts';
import { RecordReader } from '../disk/record-reader.ts';
import { KIND_BATCH_END } from '../format/record.ts';
import type { HintJob } from './merge-job.ts';
import { PACE_BYTES, type Pace } from './pace.ts';

/** Write the hint of a sealed data file. One that cannot be read gets none: the next opening says what is wrong with it. */
export async function writeHint(fs: FileSystem, { directory, live }: HintJob, pace: Pace): Promise<void> {
  const file = DataFile.open(fs, directory, live.id);
  try {
    const builder = new HintBuilder();
    const reader = new RecordReader(file, undefined, live.sealedSize!);
    let pacedAt = 0;
    for (;;) {
      const { offset } = reader;
      const record = reader.next();
      if (record === 'end') break;
      if (typeof record === 'string') return;
      if (record.kind !== KIND_BATCH_END) builder.addRecord(record, offset);
      if (reader.offset - pacedAt < PACE_BYTES) continue;
      pacedAt = reader.offset;
      await pace(pacedAt);
    }
    builder.write(fs, directory, live);
  } finally {
    file.close();
  }
}
