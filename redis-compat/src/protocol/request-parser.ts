/**
 * Bytes from a client -> commands, one at a time, as offsets into the bytes that were read.
 *
 * Invariants: (1) a command that arrived whole in one read is never copied; what is left of a read is copied once, and
 *                 parsing goes on where it stopped, so a command of n bytes costs O(n) however it was split;
 *             (2) memory grows with bytes that really came: a length is only a promise;
 *             (3) after an error nothing more comes out: the stream has lost its frame.
 * Left out: knowing any command. Source: the RESP specification; limits and texts are those of Redis 7.2.
 */
import { splitWords } from './inline-words.ts';
import { parseInteger } from './numbers.ts';

/** Longest inline command, and longest header line of a multibulk command. */
const MAX_LINE_SIZE = 64 * 1024;
/** Most arguments of a command. */
const MAX_ARGUMENTS = 2 ** 31 - 1;
/** Before authentication: most arguments, and the largest. */
const UNAUTHENTICATED_ARGUMENTS = 10;
const UNAUTHENTICATED_BULK_SIZE = 16 * 1024;
/** Smallest memory for a command that was split over reads. */
const MIN_KEPT_SIZE = 1024;
/** Arguments for which there is room from the start. */
const FEW_ARGUMENTS = 16;
/** Room for more arguments than this is given back after the command. */
const MANY_ARGUMENTS = 4096;

/** Answers of `#readLength` that are no length. */
const INCOMPLETE = -2;
const INVALID = -3;

const CR = 0x0d;
const LF = 0x0a;
const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const ZERO = 0x30;
const NOTHING: Buffer = Buffer.alloc(0);

/** Reads the commands of one client. */
export class RequestParser {
  /** The command that {@link next} found: argument i is `bytes[at[2 * i], at[2 * i + 1])`. Valid until the next call. */
  bytes: Buffer = NOTHING;
  at: Int32Array = new Int32Array(2 * FEW_ARGUMENTS);
  argc = 0;
  /** Why there will be no further command, as Redis words it; undefined while all is well. */
  error: string | undefined = undefined;
  /** Largest argument; `proto-max-bulk-len`. */
  maxBulkSize: number;
  /** Until the client has authenticated it may send small commands only. */
  authenticated = true;
  /** What is being read: either lent by `feed`, or `#kept`. */
  #input: Buffer = NOTHING;
  #kept: Buffer = NOTHING;
  /** The unread part of the input is [#position, #end); the command being read begins at #start. */
  #start = 0;
  #position = 0;
  #end = 0;
  /** Arguments of the command being read that are still to come. */
  #missing = 0;
  /** Size of the argument being read; -1 before its header. */
  #bulkSize = -1;

  constructor(maxBulkSize: number) {
    this.maxBulkSize = maxBulkSize;
  }

  /** Bytes that are waiting: those of a command not yet whole, and whatever follows it. */
  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  /** Hand over bytes[0, size). The memory is lent until {@link keepRest}. */
  feed(bytes: Buffer, size: number): void {
    if (this.#end === this.#start) {
      this.#input = bytes;
      this.#start = 0;
      this.#position = 0;
      this.#end = size;
      return;
    }
    this.#makeRoom(size);
    bytes.copy(this.#kept, this.#end, 0, size);
    this.#end += size;
  }

  /** Read the next command; false when there is none yet, or never more (`error`). */
  next(): boolean {
    while (this.#position < this.#end && this.error === undefined) {
      if (this.#missing === 0) {
        this.#start = this.#position;
        if (this.#input[this.#position] !== ASTERISK) {
          if (!this.#readInline()) return false;
          if (this.argc > 0) return true;
          continue;
        }
        if (!this.#readCount()) return false;
        if (this.#missing === 0) continue;
      }
      return this.#readArguments();
    }
    return false;
  }

  /** The lent memory ends here: what is left of it goes into memory of the parser's own. */
  keepRest(): void {
    if (this.#missing === 0) this.#start = this.#position;
    if (this.#start === this.#end || this.error !== undefined) this.#forget();
    else if (this.#input !== this.#kept) this.#keep();
    if (this.at.length > 2 * MANY_ARGUMENTS && this.#missing === 0) this.at = new Int32Array(2 * FEW_ARGUMENTS);
  }

  #forget(): void {
    this.#start = 0;
    this.#position = 0;
    this.#end = 0;
    this.#input = NOTHING;
    this.#kept = NOTHING;
    this.bytes = NOTHING;
  }

  #keep(): void {
    const size = this.#end - this.#start;
    this.#kept = Buffer.allocUnsafeSlow(Math.max(MIN_KEPT_SIZE, size));
    this.#input.copy(this.#kept, 0, this.#start, this.#end);
    this.#rebase(this.#kept);
  }

  /** The command being read now begins at offset 0 of `input`. */
  #rebase(input: Buffer): void {
    const by = this.#start;
    if (this.#missing > 0) for (let i = 0; i < 2 * this.argc; i++) this.at[i]! -= by;
    this.#input = input;
    this.#start = 0;
    this.#position -= by;
    this.#end -= by;
  }

  /** Room for `size` bytes behind the kept ones. */
  #makeRoom(size: number): void {
    if (this.#end + size <= this.#kept.length) return;
    const used = this.#end - this.#start;
    if (used + size > this.#kept.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(used + size, this.#roomWanted(used)));
      this.#kept.copy(grown, 0, this.#start, this.#end);
      this.#kept = grown;
    } else this.#kept.copyWithin(0, this.#start, this.#end);
    this.#rebase(this.#kept);
  }

  /** Twice what is used, but for a large argument not more than it needs. */
  #roomWanted(used: number): number {
    const needed = this.#position - this.#start + this.#bulkSize + 2;
    return this.#bulkSize > used ? Math.min(2 * used, needed) : 2 * used;
  }

  /** `*<count>\r\n` */
  #readCount(): boolean {
    const count = this.#readLength('too big mbulk count string');
    if (count === INCOMPLETE) return false;
    if (count === INVALID || count > MAX_ARGUMENTS) return this.#fail('invalid multibulk length');
    if (count > UNAUTHENTICATED_ARGUMENTS && !this.authenticated) return this.#fail('unauthenticated multibulk length');
    this.#missing = Math.max(count, 0);
    this.argc = 0;
    return true;
  }

  /** `$<size>\r\n<bytes>\r\n` as often as arguments are missing. */
  #readArguments(): boolean {
    while (this.#missing > 0) {
      if (this.#bulkSize < 0 && !this.#readBulkSize()) return false;
      const end = this.#position + this.#bulkSize;
      if (end + 2 > this.#end) return false;
      this.#addArgument(this.#position, end);
      this.#position = end + 2;
      this.#bulkSize = -1;
      this.#missing--;
    }
    this.bytes = this.#input;
    return true;
  }

  #readBulkSize(): boolean {
    const marker = this.#input[this.#position]!;
    const size = this.#position < this.#end ? this.#readLength('too big bulk count string') : INCOMPLETE;
    if (size === INCOMPLETE) return false;
    if (marker !== DOLLAR) return this.#fail(`expected '$', got '${String.fromCharCode(marker)}'`);
    if (size < 0 || size > this.maxBulkSize) return this.#fail('invalid bulk length');
    if (size > UNAUTHENTICATED_BULK_SIZE && !this.authenticated) return this.#fail('unauthenticated bulk length');
    this.#bulkSize = size;
    return true;
  }

  #addArgument(start: number, end: number): void {
    const slot = 2 * this.argc++;
    if (slot === this.at.length) {
      const grown = new Int32Array(2 * slot);
      grown.set(this.at);
      this.at = grown;
    }
    this.at[slot] = start;
    this.at[slot + 1] = end;
  }

  /** The integer of the header line at the position, which moves behind the line; -1 stands for all negative ones. */
  #readLength(tooLong: string): number {
    const input = this.#input;
    const first = this.#position + 1;
    let value = 0;
    let i = first;
    for (; i < this.#end; i++) {
      const digit = input[i]! - ZERO;
      if (digit < 0 || digit > 9 || i > first + 9) break;
      value = value * 10 + digit;
    }
    if (input[i] !== CR || i + 1 >= this.#end || i === first || (input[first] === ZERO && i > first + 1)) {
      return this.#readUnusualLength(tooLong);
    }
    this.#position = i + 2;
    return value;
  }

  #readUnusualLength(tooLong: string): number {
    const line = this.#input.subarray(this.#position, this.#end);
    const size = line.indexOf(CR);
    if (size < 0 && line.length > MAX_LINE_SIZE) this.#fail(tooLong);
    if (size < 0 || size + 1 >= line.length) return INCOMPLETE;
    const value = parseInteger(line, 1, size);
    if (value === undefined) return INVALID;
    this.#position += size + 2;
    return value < 0 ? -1 : Number(value);
  }

  /** A line of words, as typed into telnet. False when the line is not whole. */
  #readInline(): boolean {
    const line = this.#input.subarray(this.#position, this.#end);
    const size = line.indexOf(LF);
    if (size < 0) return line.length > MAX_LINE_SIZE ? this.#fail('too big inline request') : false;
    this.argc = 0;
    if (!this.#splitWords(line.subarray(0, size > 0 && line[size - 1] === CR ? size - 1 : size))) {
      return this.#fail('unbalanced quotes in request');
    }
    this.#position += size + 1;
    return true;
  }

  /** The words go into memory of their own, because escapes within quotes make them shorter. */
  #splitWords(line: Buffer): boolean {
    const words = splitWords(line);
    if (words === undefined) return false;
    this.bytes = Buffer.concat(words);
    let start = 0;
    for (const word of words) {
      this.#addArgument(start, start + word.length);
      start += word.length;
    }
    return true;
  }

  #fail(why: string): false {
    this.error = `ERR Protocol error: ${why}`;
    return false;
  }
}
