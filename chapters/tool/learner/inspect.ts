/**
 * `course inspect DIR`: the data files of a directory, record by record, each byte coloured by the field it belongs to.
 * It reads files only and holds no lock, so it may look at a database that is open, and at a damaged one.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseDataFileName } from '../../../engine/src/disk/file-names.ts';
import { decodeFileHeader, FILE_HEADER_SIZE } from '../../../engine/src/format/file-header.ts';
import * as format from '../../../engine/src/format/record.ts';
import { varintSize } from '../../../engine/src/format/varint.ts';
import { listed } from './language.ts';
import { shortPath } from './places.ts';
import { type Session, Stop } from './session.ts';
import type { Paint } from './terminal.ts';

export interface InspectOptions {
  readonly json?: boolean;
  /** Records to show of each file. */
  readonly limit?: number;
}

/** A stretch of bytes with a meaning. */
export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

export interface InspectedRecord {
  readonly offset: number;
  readonly size: number;
  readonly kind: string;
  readonly seq: number;
  readonly space: number;
  readonly tag: number;
  readonly batch: boolean;
  readonly expiresAtMs?: number;
  readonly syncedTo?: number;
  readonly key: string;
  readonly valueSize: number;
  readonly value: string;
  readonly fields: readonly Field[];
}

export interface InspectedFile {
  readonly name: string;
  readonly size: number;
  readonly header?: { readonly fileId: number; readonly salt: number };
  readonly records: readonly InspectedRecord[];
  /** Where reading stopped before the end of the file, and why. */
  readonly stopped?: {
    readonly offset: number;
    readonly why: 'torn' | 'corrupt' | 'zeroes';
    readonly nextReadable?: number;
  };
}

const SHOWN_VALUE = 48;
const SHOWN_BYTES = 96;
/** How far behind damage the next readable record is looked for. */
const SEARCHED_BYTES = 1024 * 1024;

export function inspect(session: Session, dir: string, options: InspectOptions): number {
  const { print, say } = session;
  if (!existsSync(dir) || !statSync(dir).isDirectory()) throw new Stop(say('noDirectory', { dir: shortPath(dir) }));
  const names = readdirSync(dir).sort();
  const data = names.filter(name => parseDataFileName(name) !== undefined);
  const files = data.map(name => inspectFile(name, readFileSync(join(dir, name))));
  if (options.json) {
    print(JSON.stringify({ directory: dir, files, others: names.filter(name => !data.includes(name)) }, null, 2));
    return 0;
  }
  if (data.length === 0) throw new Stop(say('noDataFiles', { dir: shortPath(dir) }));
  print(legend(session));
  for (const file of files) printFile(session, file, readFileSync(join(dir, file.name)), options.limit ?? 20);
  const others = names.filter(name => !data.includes(name));
  if (others.length > 0) print(`\n${session.paint.dim(say('inspectOthers', { names: listed(session.lang, others) }))}`);
  return 0;
}

/** Reads a data file as recovery would: from the header on, record after record, until the bytes stop making sense. */
export function inspectFile(name: string, bytes: Buffer): InspectedFile {
  const header = decodeFileHeader(bytes);
  const about = { name, size: bytes.length };
  if (typeof header === 'string') return { ...about, records: [], stopped: { offset: 0, why: header } };
  const records: InspectedRecord[] = [];
  let at = FILE_HEADER_SIZE;
  while (at < bytes.length) {
    const record = format.decodeRecord(bytes, at, header.salt, at);
    if (typeof record === 'string')
      return { ...about, header, records, stopped: stopAt(bytes, at, header.salt, record) };
    records.push(inspectRecord(record, at));
    at += record.size;
  }
  return { ...about, header, records };
}

function stopAt(
  bytes: Buffer,
  offset: number,
  salt: number,
  why: 'torn' | 'corrupt',
): NonNullable<InspectedFile['stopped']> {
  if (bytes.subarray(offset).every(byte => byte === 0)) return { offset, why: 'zeroes' };
  const end = Math.min(bytes.length, offset + SEARCHED_BYTES);
  for (let at = offset + 1; at < end; at++) {
    if (typeof format.decodeRecord(bytes, at, salt, at) !== 'string')
      return { offset, why: 'corrupt', nextReadable: at };
  }
  return { offset, why };
}

function inspectRecord(record: format.LogRecord, offset: number): InspectedRecord {
  return {
    offset,
    size: record.size,
    kind: KINDS[record.kind] ?? `kind ${record.kind}`,
    seq: record.seq,
    space: record.space,
    tag: record.tag,
    batch: record.batch,
    ...(record.expiresAtMs === 0 ? {} : { expiresAtMs: record.expiresAtMs }),
    ...(record.syncedTo === 0 ? {} : { syncedTo: record.syncedTo }),
    key: readable(record.key),
    valueSize: record.value.length,
    value: readable(record.value.subarray(0, SHOWN_VALUE)),
    fields: fieldsOf(record, offset),
  };
}

const KINDS: Record<number, string> = {
  [format.KIND_PUT]: 'put',
  [format.KIND_TOMBSTONE]: 'tombstone',
  [format.KIND_EXPIRY_PATCH]: 'expiry patch',
  [format.KIND_SPACE_CREATE]: 'space create',
  [format.KIND_SPACE_DROP]: 'space drop',
  [format.KIND_RANGE_DELETE]: 'range delete',
  [format.KIND_BATCH_END]: 'batch end',
};

/** The fields of a record in the order in which they stand, see format/record.ts. */
function fieldsOf(record: format.LogRecord, offset: number): Field[] {
  const { flags, key, value } = record;
  const sizes: Array<[string, number]> = [
    ['crc', 4],
    ['kind', 1],
    ['flags', 1],
    ['tag', 1],
    ['space', varintSize(record.space)],
    ['seq', varintSize(record.seq)],
    ['keySize', varintSize(key.length)],
    ['valueSize', varintSize(value.length)],
    ['expiresAt', flags & format.FLAG_EXPIRY ? varintSize(record.expiresAtMs) : 0],
    ['orderKey', flags & format.FLAG_ORDER_KEY ? format.ORDER_KEY_SIZE : 0],
    ['syncedTo', flags & format.FLAG_SYNCED_TO ? varintSize(record.seq - record.syncedTo) : 0],
    ['key', key.length],
    ['value', value.length],
  ];
  const fields: Field[] = [];
  let at = offset;
  for (const [name, size] of sizes) {
    if (size > 0) fields.push({ name, offset: at, size });
    at += size;
  }
  return fields;
}

/** Text where the bytes are text, hex where they are not. */
function readable(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(bytes) && !/\p{Cc}/u.test(text);
  return isText ? text : `0x${bytes.toString('hex')}`;
}

type Colour = (paint: Paint) => (text: string) => string;
const COLOURS: Record<string, Colour> = {
  crc: paint => paint.red,
  kind: paint => paint.yellow,
  flags: paint => paint.magenta,
  tag: paint => paint.gray,
  space: paint => paint.gray,
  seq: paint => paint.blue,
  keySize: paint => paint.cyan,
  valueSize: paint => paint.cyan,
  expiresAt: paint => paint.magenta,
  orderKey: paint => paint.magenta,
  syncedTo: paint => paint.blue,
  key: paint => paint.green,
  value: paint => paint.white,
};

const legend = ({ paint, say }: Session): string =>
  `${say('inspectLegend')} ${Object.entries(COLOURS)
    .map(([name, colour]) => colour(paint)(name))
    .join(' ')}`;

function printFile({ print, say, paint }: Session, file: InspectedFile, bytes: Buffer, limit: number): void {
  const { header } = file;
  const about =
    header === undefined
      ? ''
      : say('inspectHeader', { id: header.fileId, salt: `0x${header.salt.toString(16).padStart(8, '0')}` });
  print(
    `\n${paint.bold(file.name)}  ${say('inspectFile', { size: file.size, records: file.records.length })}  ${paint.dim(about)}`,
  );
  if (header !== undefined) for (const row of rows(bytes, 0, FILE_HEADER_SIZE, () => paint.dim)) print(row);
  for (const record of file.records.slice(0, limit)) {
    print(recordLine(record, paint));
    const shown = Math.min(record.size, SHOWN_BYTES);
    for (const row of rows(bytes, record.offset, record.offset + shown, at => colourAt(record.fields, at)(paint)))
      print(row);
    if (shown < record.size) print(paint.dim(`  ${say('inspectBytes', { count: record.size - shown })}`));
  }
  if (file.records.length > limit) print(paint.dim(say('inspectMore', { count: file.records.length - limit })));
  if (file.stopped !== undefined) printStop({ print, say, paint }, file.stopped, bytes);
}

function printStop(
  { print, say, paint }: Pick<Session, 'print' | 'say' | 'paint'>,
  stopped: NonNullable<InspectedFile['stopped']>,
  bytes: Buffer,
): void {
  const left = bytes.length - stopped.offset;
  const isHeader = stopped.offset < FILE_HEADER_SIZE && stopped.why !== 'zeroes';
  const key = isHeader ? (`inspect_header_${stopped.why}` as const) : (`inspect_${stopped.why}` as const);
  print(`\n${paint.red(say(key, { offset: stopped.offset, left }))}`);
  for (const row of rows(bytes, stopped.offset, Math.min(bytes.length, stopped.offset + SHOWN_BYTES), () => paint.red))
    print(row);
  if (stopped.nextReadable !== undefined) print(say('inspectNextReadable', { offset: stopped.nextReadable }));
}

const colourAt = (fields: readonly Field[], at: number): Colour =>
  COLOURS[fields.find(field => at < field.offset + field.size)?.name ?? ''] ?? (paint => paint.reset);

function recordLine(record: InspectedRecord, paint: Paint): string {
  const parts = [
    `@${record.offset}`,
    paint.yellow(record.kind),
    `seq=${record.seq}`,
    ...(record.space === 0 ? [] : [`space=${record.space}`]),
    ...(record.tag === 0 ? [] : [`tag=${record.tag}`]),
    ...(record.batch ? ['batch'] : []),
    ...(record.expiresAtMs === undefined ? [] : [`expires=${new Date(record.expiresAtMs).toISOString()}`]),
    ...(record.syncedTo === undefined ? [] : [`syncedTo=${record.syncedTo}`]),
    `key=${paint.green(JSON.stringify(record.key))}`,
    ...(record.valueSize === 0
      ? []
      : [
          `value=${JSON.stringify(record.value)}${record.valueSize > SHOWN_VALUE ? `... ${record.valueSize} bytes` : ''}`,
        ]),
    'crc=ok',
  ];
  return `\n${parts.join(' ')}`;
}

const ROW = 16;

/** Hex rows of `bytes[start, end)`, each byte painted. The offsets on the left are those of the file. */
function rows(bytes: Buffer, start: number, end: number, colour: (at: number) => (text: string) => string): string[] {
  const lines: string[] = [];
  for (let row = start; row < end; row += ROW) {
    const cells = Array.from({ length: ROW }, (_, index) => row + index);
    const hex = cells.map(at => (at < end ? colour(at)(bytes[at]!.toString(16).padStart(2, '0')) : '  ')).join(' ');
    const text = cells
      .filter(at => at < end)
      .map(at => colour(at)(printable(bytes[at]!)))
      .join('');
    lines.push(`  ${row.toString(16).padStart(8, '0')}  ${hex}  |${text}|`);
  }
  return lines;
}

const printable = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.');
