/**
 * Replies as bytes: one writer for the whole server, which knows RESP2 and RESP3 so that no handler has to.
 *
 * It writes into an arena, a buffer that is used anew each turn of the event loop; a reply that outgrows the arena goes on
 * in a further chunk, so that a long reply is a list of chunks and never one concatenation.
 * Invariants: (1) `begin` and `finish` bracket the replies of one client, which are contiguous in that list;
 *             (2) bytes handed in are copied at once: nothing is kept of a caller's memory;
 *             (3) what `finish` returned lies in the arena and is valid until `reuse`.
 * Source: the RESP specification, https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
import { formatDouble } from './double-format.ts';
import type { Integer } from './numbers.ts';

/** Bytes of the arena; replies of one turn seldom need more. */
const ARENA_SIZE = 256 * 1024;
/** Longest header of an aggregate or bulk string: a type byte, 16 digits, a line end. */
const HEADER_SIZE = 1 + 16 + 2;
/** Up to so many chars a loop is faster than a call into the runtime. */
const SHORT_TEXT = 40;

const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;
const MINUS = 0x2d;

/** The version of the protocol a client speaks. */
export type ProtocolVersion = 2 | 3;

/** Writes the replies of one client after the other. */
export class ReplyWriter {
  /** Set by dispatch to what the client has asked for by HELLO. */
  protocol: ProtocolVersion = 2;
  /** How many errors have been written: dispatch sees by it that a command has failed. */
  errors = 0;
  #lastError = '';
  #arena: Buffer = Buffer.allocUnsafeSlow(ARENA_SIZE);
  #buffer: Buffer = this.#arena;
  #at = 0;
  /** Where the part of the open reply that lies in `#buffer` begins. */
  #from = 0;
  /** Earlier chunks of the open reply, and their size together. */
  #full: Buffer[] = [];
  #fullSize = 0;
  /** Bytes in chunks before `#buffer` since `reuse`, those of other clients included. */
  #earlierSize = 0;

  /** +text, a status such as OK. The text has no line end. */
  simple(text: string): void {
    this.#line(0x2b, text);
  }

  /** +OK */
  ok(): void {
    this.#reserve(5);
    const buffer = this.#buffer;
    const at = this.#at;
    buffer[at] = 0x2b;
    buffer[at + 1] = 0x4f;
    buffer[at + 2] = 0x4b;
    buffer[at + 3] = CR;
    buffer[at + 4] = LF;
    this.#at = at + 5;
  }

  /** -text; the text begins with its class (`ERR ...`). Line ends in it would break the protocol and become spaces. */
  error(text: string): void {
    this.errors++;
    this.#lastError = text;
    this.#line(0x2d, /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, ' ') : text);
  }

  /** The class of the error that was written last: `ERR`, `WRONGTYPE`. */
  get lastErrorClass(): string {
    return this.#lastError.slice(0, `${this.#lastError} `.indexOf(' '));
  }

  /** A 64-bit integer. */
  integer(value: Integer): void {
    if (typeof value === 'bigint') this.#line(0x3a, value.toString());
    else this.#header(0x3a, value);
  }

  /** A bulk string: bytes[start, end). */
  bulk(bytes: Buffer, start = 0, end: number = bytes.length): void {
    const size = end - start;
    this.#reserve(HEADER_SIZE + size + 2);
    this.#header(0x24, size);
    const buffer = this.#buffer;
    let at = this.#at;
    if (size <= SHORT_TEXT) for (let i = start; i < end; i++) buffer[at++] = bytes[i]!;
    else {
      bytes.copy(buffer, at, start, end);
      at += size;
    }
    buffer[at] = CR;
    buffer[at + 1] = LF;
    this.#at = at + 2;
  }

  /** A bulk string of text, as UTF-8. */
  bulkString(text: string): void {
    const size = Buffer.byteLength(text);
    this.#reserve(HEADER_SIZE + size + 2);
    this.#header(0x24, size);
    this.#text(text, size);
    this.#lineEnd();
  }

  /** A bulk string of text whose chars are bytes (the engine's KeyString). */
  bulkLatin1(text: string): void {
    this.#reserve(HEADER_SIZE + text.length + 2);
    this.#header(0x24, text.length);
    this.#at += this.#buffer.write(text, this.#at, 'latin1');
    this.#lineEnd();
  }

  /** No value: $-1, or _ in RESP3. */
  null(): void {
    this.#literal(this.protocol === 3 ? '_\r\n' : '$-1\r\n');
  }

  /** No array: *-1, or _ in RESP3. */
  nullArray(): void {
    this.#literal(this.protocol === 3 ? '_\r\n' : '*-1\r\n');
  }

  /** An array of `count` replies that follow. */
  array(count: number): void {
    this.#header(0x2a, count);
  }

  /** A map of `count` pairs that follow; in RESP2 an array of twice as many. */
  map(count: number): void {
    if (this.protocol === 3) this.#header(0x25, count);
    else this.#header(0x2a, 2 * count);
  }

  /** A set of `count` replies that follow; in RESP2 an array. */
  set(count: number): void {
    this.#header(this.protocol === 3 ? 0x7e : 0x2a, count);
  }

  /** A message out of turn (pub/sub, invalidation); in RESP2 an array. */
  push(count: number): void {
    this.#header(this.protocol === 3 ? 0x3e : 0x2a, count);
  }

  /** A double; in RESP2 a bulk string. */
  double(value: number): void {
    const text = formatDouble(value);
    if (this.protocol === 3) this.#line(0x2c, text);
    else this.bulkString(text);
  }

  /** A boolean; in RESP2 the integer 1 or 0. */
  boolean(value: boolean): void {
    if (this.protocol === 3) this.#literal(value ? '#t\r\n' : '#f\r\n');
    else this.#header(0x3a, value ? 1 : 0);
  }

  /** Text with a three-letter format (`txt`, `mkd`); in RESP2 a bulk string. */
  verbatim(format: string, text: string): void {
    if (this.protocol === 2) {
      this.bulkString(text);
      return;
    }
    const size = Buffer.byteLength(text) + format.length + 1;
    this.#reserve(HEADER_SIZE + size + 2);
    this.#header(0x3d, size);
    this.#text(`${format}:${text}`, size);
    this.#lineEnd();
  }

  /** Begin an array whose count is known only at its end: give the mark to {@link endArray}. They nest. */
  beginArray(): number {
    this.#reserve(HEADER_SIZE);
    const mark = this.mark();
    this.#at += HEADER_SIZE;
    return mark;
  }

  /** Write the count of an array begun by {@link beginArray}; `type` as for {@link map} or {@link set} if it is one. */
  endArray(mark: number, count: number, type: 'array' | 'map' | 'set' = 'array'): void {
    const resp3 = this.protocol === 3;
    const letter = resp3 && type === 'map' ? '%' : resp3 && type === 'set' ? '~' : '*';
    this.#insertHeader(mark, `${letter}${type === 'map' && !resp3 ? 2 * count : count}\r\n`);
  }

  /** How many bytes of the open reply there are: a place to {@link rewind} to. */
  mark(): number {
    return this.#fullSize + this.#at - this.#from;
  }

  /** Take back all that was written after `mark`. */
  rewind(mark: number): void {
    if (mark >= this.#fullSize) {
      this.#at = this.#from + mark - this.#fullSize;
      return;
    }
    this.#at = this.#from;
    while (this.#fullSize > mark) {
      const chunk = this.#full.pop()!;
      this.#fullSize -= chunk.length;
      if (this.#fullSize < mark) this.#keep(chunk.subarray(0, mark - this.#fullSize));
    }
  }

  /** Begin the replies of a client. */
  begin(protocol: ProtocolVersion): void {
    this.protocol = protocol;
    this.#from = this.#at;
    this.#full = [];
    this.#fullSize = 0;
  }

  /** The chunks of the replies since `begin`, in order; they lie in the arena. */
  finish(into: Buffer[]): void {
    for (const chunk of this.#full) into.push(chunk);
    if (this.#at > this.#from) into.push(this.#buffer.subarray(this.#from, this.#at));
    this.#from = this.#at;
    this.#full = [];
    this.#fullSize = 0;
  }

  /** Bytes of replies since `reuse`. */
  get used(): number {
    return this.#earlierSize + this.#at;
  }

  /** All that was finished has been sent or copied: the arena is written anew from its start. */
  reuse(): void {
    this.#buffer = this.#arena;
    this.#at = 0;
    this.#from = 0;
    this.#earlierSize = 0;
  }

  /** A socket still sends from the arena: leave it to that socket and take a new one. */
  abandon(): void {
    this.#arena = Buffer.allocUnsafeSlow(ARENA_SIZE);
    this.reuse();
  }

  #line(type: number, text: string): void {
    const size = text.length <= SHORT_TEXT ? 3 * text.length : Buffer.byteLength(text);
    this.#reserve(1 + size + 2);
    this.#buffer[this.#at++] = type;
    this.#text(text, size);
    this.#lineEnd();
  }

  #literal(ascii: string): void {
    this.#reserve(ascii.length);
    for (let i = 0; i < ascii.length; i++) this.#buffer[this.#at++] = ascii.charCodeAt(i);
  }

  /** `type`, the integer, a line end. Integers below 2^31 are written without a string. */
  #header(type: number, value: number): void {
    this.#reserve(HEADER_SIZE + 4);
    const buffer = this.#buffer;
    let at = this.#at;
    buffer[at++] = type;
    if (value >= 0 && value < 10) buffer[at++] = ZERO + value;
    else if (value > -0x7fffffff && value < 0x7fffffff) at = writeDigits(buffer, at, value);
    else at += buffer.write(String(value), at, 'latin1');
    buffer[at] = CR;
    buffer[at + 1] = LF;
    this.#at = at + 2;
  }

  /** Text of at most `size` bytes, for which room has been reserved. */
  #text(text: string, size: number): void {
    if (text.length > SHORT_TEXT || !this.#asciiText(text)) this.#at += this.#buffer.write(text, this.#at, size);
  }

  /** Writes short text char by char; false, with nothing written, when it is not ASCII. */
  #asciiText(text: string): boolean {
    const buffer = this.#buffer;
    let at = this.#at;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      buffer[at++] = code;
    }
    this.#at = at;
    return true;
  }

  #lineEnd(): void {
    this.#buffer[this.#at++] = CR;
    this.#buffer[this.#at++] = LF;
  }

  #reserve(size: number): void {
    if (this.#at + size > this.#buffer.length) this.#nextChunk(size);
  }

  #nextChunk(size: number): void {
    if (this.#at > this.#from) this.#keep(this.#buffer.subarray(this.#from, this.#at));
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(size, ARENA_SIZE));
    this.#earlierSize += this.#at;
    this.#at = 0;
    this.#from = 0;
  }

  #keep(chunk: Buffer): void {
    this.#full.push(chunk);
    this.#fullSize += chunk.length;
  }

  /** Puts the header into the room that `beginArray` left, and closes the rest of the gap within its chunk. */
  #insertHeader(mark: number, header: string): void {
    const gap = HEADER_SIZE - header.length;
    if (mark >= this.#fullSize) {
      const at = this.#from + mark - this.#fullSize;
      this.#buffer.write(header, at, 'latin1');
      this.#buffer.copyWithin(at + header.length, at + HEADER_SIZE, this.#at);
      this.#at -= gap;
      return;
    }
    let index = this.#full.length - 1;
    let start = this.#fullSize - this.#full[index]!.length;
    while (start > mark) start -= this.#full[--index]!.length;
    const chunk = this.#full[index]!;
    chunk.write(header, mark - start, 'latin1');
    chunk.copyWithin(mark - start + header.length, mark - start + HEADER_SIZE);
    this.#full[index] = chunk.subarray(0, chunk.length - gap);
    this.#fullSize -= gap;
  }
}

/** The decimal digits of a 32-bit integer; the offset behind them. */
function writeDigits(buffer: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value | 0;
  if (rest < 0) {
    buffer[at++] = MINUS;
    rest = -rest;
  }
  let unit = 1;
  while (unit * 10 <= rest) unit *= 10;
  for (; unit >= 1; unit = (unit / 10) | 0) {
    const digit = (rest / unit) | 0;
    buffer[at++] = ZERO + digit;
    rest -= digit * unit;
  }
  return at;
}
