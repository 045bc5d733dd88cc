/** The parts of chapters 03 and 04 as a store of two lines, which can stand in two orders. The disk is nearly full. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFile } from '../engine/src/disk/data-file.ts';
import type { FileId } from '../engine/src/disk/file-names.ts';
import { decodeRecord, encodeRecord, KIND_PUT } from '../engine/src/format/record.ts';
import { type Entry, toKeyString } from '../engine/src/keydir/keydir.ts';
import { MapKeydir } from '../engine/src/keydir/map-keydir.ts';
import { NearlyFull } from './nearly-full.ts';

const NOTHING = { tag: 0, expiresAtMs: 0, orderKey: undefined };

function experiment(order: 'keydir first' | 'log first'): void {
  const directory = mkdtempSync(join(tmpdir(), 'two-lines-'));
  const file = DataFile.create(new NearlyFull(65).fs, directory, 1 as FileId, 1);
  const keydir = new MapKeydir();
  let seq = 0;

  function put(key: string, value: string): string {
    const fields = { kind: KIND_PUT, seq: ++seq, key: Buffer.from(key), value: Buffer.from(value) };
    const record = encodeRecord(fields, file.salt, file.size);
    const place = { fileId: file.id, recordOffset: file.size, recordSize: record.length };
    const entry: Entry = {
      key: toKeyString(fields.key),
      seq,
      valueSeq: seq,
      valueSize: value.length,
      ...place,
      ...NOTHING,
    };
    const lines = [() => void file.append(record), () => void keydir.put(entry)];
    if (order === 'keydir first') lines.reverse();
    for (const line of lines) line();
    return 'ok';
  }

  function get(key: string): string {
    const { recordOffset, recordSize } = keydir.get(toKeyString(Buffer.from(key)))!;
    const record = decodeRecord(file.read(recordOffset, recordSize), 0, file.salt, recordOffset);
    return typeof record === 'string' ? record : record.value.toString();
  }

  console.log(order);
  console.log(
    '  put city Berlin: ',
    outcome(() => put('city', 'Berlin')),
  );
  console.log(
    '  put city Potsdam:',
    outcome(() => put('city', 'Potsdam')),
  );
  console.log(
    '  get city:        ',
    outcome(() => get('city')),
  );
  file.close();
  rmSync(directory, { recursive: true });
}

function outcome(work: () => string): string {
  try {
    return work();
  } catch (error) {
    return (error as Error).message;
  }
}

experiment('keydir first');
experiment('log first');
