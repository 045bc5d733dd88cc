/**
 * RecordCache: values that were written or read lately, in memory of a fixed size.
 *
 * Copies go round a ring of bytes, each with the place of its record in front; a table of numbers says where in the ring
 * a record's copy begins. There is no object per value, so the garbage collector has nothing to look at, however many
 * values there are.
 *
 *    ring    ... | fileId 8 | recordOffset 8 | value ... padding | fileId 8 | recordOffset 8 | value ... | (next) ...
 *
 * Invariants: (1) a place in the log holds one record for ever, so nothing here is ever out of date: what was replaced
 *                 is no longer asked for, and is written over when the ring comes round;
 *             (2) a copy counts only while its header says so and the ring has not come round to it.
 * A copy that is asked for when it is among the oldest is put in front again. Two records whose numbers fall on the same
 * two places of the table push each other out: that costs a read from the disk, nothing else.
 */

/** Copies begin at multiples of this, so that their headers can be read as numbers, without a call for each. */
const NUMBER_SIZE = 8;
/** Bytes before a copied value: fileId and recordOffset. */
const COPY_HEADER_SIZE = NUMBER_SIZE + NUMBER_SIZE;
/** One place in the table for so many bytes of ring. */
const BYTES_PER_PLACE = 64;
/** A value larger than this share of the ring is not kept: it would push out too many others. */
const MAX_SHARE = 8;
/** In this oldest share of the ring a copy that is asked for is put in front again. */
const OLD_SHARE = 4;

/** A cache of values by the place of their record: file and offset. */
export class RecordCache {
  /** The ring; a value that was found lies in it from {@link start} on. */
  readonly bytes: Buffer;
  /** Where the value lies that `find` has found; valid until the next `find` or `add`. */
  start = 0;
  hits = 0;
  misses = 0;
  /** The same memory as numbers, for the headers. */
  readonly #numbers: Float64Array;
  /** Copies written ever, in bytes: the next one begins at this number modulo the size of the ring. */
  #head = 0;
  /** One more than the head was when a copy was written; 0: nothing. Records may stand in two neighbouring places. */
  readonly #places: Float64Array;

  constructor(cacheBytes: number) {
    const size = Math.floor(cacheBytes / NUMBER_SIZE) * NUMBER_SIZE;
    this.bytes = Buffer.allocUnsafeSlow(size); // The system gives the memory when it is first written.
    this.#numbers = new Float64Array(this.bytes.buffer, 0, size / NUMBER_SIZE);
    const places = 2 ** Math.ceil(Math.log2(Math.max(2, cacheBytes / BYTES_PER_PLACE)));
    this.#places = new Float64Array(places);
  }

  /** Whether the value of the record at this place is here; {@link start} then says where. */
  find(fileId: number, recordOffset: number, valueSize: number): boolean {
    const place = this.#placeOf(fileId, recordOffset);
    const copiedAt = this.#match(place, fileId, recordOffset) || this.#match(place ^ 1, fileId, recordOffset);
    if (copiedAt === 0) {
      this.misses++;
      return false;
    }
    this.hits++;
    this.start = ((copiedAt - 1) % this.bytes.length) + COPY_HEADER_SIZE;
    const isOld = this.#head - copiedAt > this.bytes.length - this.bytes.length / OLD_SHARE;
    if (isOld) this.add(fileId, recordOffset, this.bytes, this.start, this.start + valueSize);
    return true;
  }

  /** Keep a copy of `value[start, end)`, the value of the record at this place. */
  add(fileId: number, recordOffset: number, value: Buffer, start: number, end: number): void {
    const size = this.bytes.length;
    const copySize = COPY_HEADER_SIZE + Math.ceil((end - start) / NUMBER_SIZE) * NUMBER_SIZE;
    if (copySize > size / MAX_SHARE) return;
    const left = size - (this.#head % size);
    if (left < copySize) this.#head += left; // A copy lies in one piece.

    const at = this.#head % size;
    value.copy(this.bytes, at + COPY_HEADER_SIZE, start, end);
    this.#numbers[at / NUMBER_SIZE] = fileId;
    this.#numbers[at / NUMBER_SIZE + 1] = recordOffset;
    this.start = at + COPY_HEADER_SIZE;
    const place = this.#placeOf(fileId, recordOffset);
    const older = this.#places[place]! <= this.#places[place ^ 1]! ? place : place ^ 1;
    this.#places[older] = this.#head + 1; // A record that stands in both places is the same in both.
    this.#head += copySize;
  }

  #placeOf(fileId: number, recordOffset: number): number {
    const mixed = Math.imul(recordOffset ^ Math.imul(fileId, 0x85eb_ca6b), 0x9e37_79b1);
    return (mixed ^ (mixed >>> 15)) & (this.#places.length - 1);
  }

  /** What stands at this place, if it is this record's copy and still whole; else 0. */
  #match(place: number, fileId: number, recordOffset: number): number {
    const copiedAt = this.#places[place]!;
    if (copiedAt === 0 || this.#head - (copiedAt - 1) > this.bytes.length) return 0;
    const header = ((copiedAt - 1) % this.bytes.length) / NUMBER_SIZE;
    return this.#numbers[header] === fileId && this.#numbers[header + 1] === recordOffset ? copiedAt : 0;
  }
}
