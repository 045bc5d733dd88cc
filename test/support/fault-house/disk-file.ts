/**
 * DiskFile: one file of the simulated disk, twice: as programs see it (`content`, the system's memory included), and as
 * it lies on the disk (`onDisk`).
 *
 * Invariants: (1) the bytes of a Buffer that was handed out never change: a snapshot keeps two references, and no copy;
 *             (2) after a failed sync the bytes of that moment count as clean, as on Linux: no later sync writes them.
 */

const NOTHING = Buffer.alloc(0);

/** A part of a file, in bytes: from `start` up to, and not including, `end`. */
interface Part {
  readonly start: number;
  readonly end: number;
}

/** What is in a file, for programs and on the disk. */
export interface FileBytes {
  readonly content: Buffer;
  readonly onDisk: Buffer;
}

let filesMade = 0;

export class DiskFile {
  /** Tells files apart, whatever they are called. */
  readonly number: number = ++filesMade;
  readonly isDirectory: boolean;
  #content: Buffer;
  #onDisk: Buffer;
  /** What failed syncs should have written, and nobody has written since. */
  #lost: Part[] = [];
  /** Up to here the memory behind `content` has been handed out. */
  #used = Number.POSITIVE_INFINITY;
  /** One more with each change; a sync that began earlier must not undo a later one. */
  #version = 0;
  #versionOnDisk = 0;

  constructor({ content, onDisk }: FileBytes = { content: NOTHING, onDisk: NOTHING }, isDirectory = false) {
    this.#content = content;
    this.#onDisk = onDisk;
    this.isDirectory = isDirectory;
    this.#version = content.equals(onDisk) ? 0 : 1;
  }

  get content(): Buffer {
    return this.#content;
  }

  get onDisk(): Buffer {
    return this.#onDisk;
  }

  /** Both at once, as they are now. */
  get bytes(): FileBytes {
    return { content: this.#content, onDisk: this.#onDisk };
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    const old = this.#content;
    const size = Math.max(end, old.length);
    if (position === this.#used && end <= old.buffer.byteLength) {
      this.#content = Buffer.from(old.buffer, 0, size); // Behind what was handed out there is room.
    } else {
      this.#content = Buffer.from(new ArrayBuffer(Math.max(64, 2 * size)), 0, size);
      this.#content.set(old);
    }
    this.#content.set(bytes, position);
    this.#used = size;
    this.#lost = this.#lost.flatMap(part => without(part, { start: position, end }));
    this.#version++;
  }

  truncate(size: number): void {
    this.replace(Buffer.concat([this.#content], size));
  }

  /** What programs see is replaced. */
  replace(content: Buffer): void {
    this.#content = content;
    this.#used = Number.POSITIVE_INFINITY; // Whoever holds the old bytes keeps them: the next write takes new memory.
    this.#version++;
  }

  sync(): void {
    this.beginSync()();
  }

  /** Begin a sync; what it returns ends it. It covers what had been written when it began. */
  beginSync(): () => void {
    const [content, version] = [this.#content, this.#version];
    return () => {
      if (version <= this.#versionOnDisk) return; // One that began later has ended before.
      this.#onDisk = this.#lost.length === 0 ? content : this.#withoutLost(content);
      this.#versionOnDisk = version;
    };
  }

  /** A sync has failed: what it should have written is not on the disk, and counts as clean from now on. */
  failSync(): void {
    const [content, onDisk] = [this.#content, this.#onDisk];
    let start = 0;
    while (start < content.length && start < onDisk.length && content[start] === onDisk[start]) start++;
    if (start < content.length) this.#lost.push({ start, end: content.length });
    this.#versionOnDisk = this.#version;
  }

  #withoutLost(content: Buffer): Buffer {
    const bytes = Buffer.from(content);
    for (const { start, end } of this.#lost) {
      bytes.fill(0, start, end);
      this.#onDisk.copy(bytes, start, start, end);
    }
    return bytes;
  }
}

/** What is left of a part when another one is taken out of it. */
function without(part: Part, taken: Part): Part[] {
  const before = { start: part.start, end: Math.min(part.end, taken.start) };
  const behind = { start: Math.max(part.start, taken.end), end: part.end };
  return [before, behind].filter(({ start, end }) => start < end);
}
