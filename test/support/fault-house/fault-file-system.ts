/**
 * FaultFileSystem: a file system that does what a test says at the calls it says. It keeps a list of all calls, so a test
 * can run once to count them and then again, failing at each in turn.
 *
 * A call can fail before it has done anything, a write after it has taken some bytes; a read or a write can be cut short
 * without an error; and from some call on everything can fail, which is how a crash looks from inside.
 */
import { basename, dirname, relative } from 'node:path';
import type { FileSystem, OpenFile, OpenMode } from '../../../engine/src/disk/file-system.ts';
import { type Call, type Details, diskError, type Operation } from './calls.ts';

/** What a test wants to happen instead. */
export type Fault =
  /** The call fails; a write takes only so many bytes and fails then. */
  | { readonly error: string; readonly afterBytes?: number }
  /** A read or a write does only so many bytes, and says so: no error. */
  | { readonly onlyBytes: number }
  | undefined;

export class FaultFileSystem implements FileSystem {
  readonly calls: Call[] = [];
  /** Asked before each call; may itself throw, or end the process. */
  plan: (call: Call) => Fault = () => undefined;
  readonly #under: FileSystem & { failSync?(path: string): void };

  constructor(under: FileSystem) {
    this.#under = under;
  }

  open(path: string, mode: OpenMode): OpenFile {
    this.#before(mode, path);
    const file = this.#under.open(path, mode);
    return {
      read: (target, start, size, position) => {
        const fault = this.#ask('read', path, { size, position });
        return file.read(target, start, sizeAllowed(size, fault), position);
      },
      write: (bytes, start, size, position) => {
        const fault = this.#ask('write', path, { size, position });
        if (fault !== undefined && 'error' in fault) {
          if (fault.afterBytes) file.write(bytes, start, Math.min(size, fault.afterBytes), position);
          throw diskError(fault.error);
        }
        return file.write(bytes, start, sizeAllowed(size, fault), position);
      },
      truncate: size => {
        this.#before('truncate', path, { size });
        file.truncate(size);
      },
      syncData: () => {
        this.#beforeSync('syncData', path);
        file.syncData();
      },
      syncDataLater: async () => {
        this.#beforeSync('syncDataLater', path);
        await file.syncDataLater();
      },
      size: () => {
        this.#before('size', path);
        return file.size();
      },
      close: () => {
        this.#ask('close', path);
        file.close();
      },
    };
  }

  list(directory: string): string[] {
    this.#before('list', directory);
    return this.#under.list(directory);
  }

  rename(from: string, to: string): void {
    this.#before('rename', to, { from: relative(dirname(to), from) });
    this.#under.rename(from, to);
  }

  remove(path: string): void {
    this.#before('remove', path);
    this.#under.remove(path);
  }

  makeDirectory(path: string): void {
    this.#before('makeDirectory', path);
    this.#under.makeDirectory(path);
  }

  syncDirectory(path: string): void {
    this.#before('syncDirectory', path);
    this.#under.syncDirectory(path);
  }

  changeMode(path: string, mode: number): void {
    this.#before('changeMode', path);
    this.#under.changeMode(path, mode);
  }

  #ask(operation: Operation, path: string, details: Details = {}): Fault {
    const call = { index: this.calls.length, operation, file: basename(path), ...details };
    this.calls.push(call);
    return this.plan(call);
  }

  #before(operation: Operation, path: string, details?: Details): void {
    const fault = this.#ask(operation, path, details);
    if (fault !== undefined && 'error' in fault) throw diskError(fault.error);
  }

  #beforeSync(operation: Operation, path: string): void {
    const fault = this.#ask(operation, path);
    if (fault === undefined || !('error' in fault)) return;
    this.#under.failSync?.(path);
    throw diskError(fault.error);
  }
}

/** How many bytes a read or a write may do. @throws when the call is to fail. */
function sizeAllowed(size: number, fault: Fault): number {
  if (fault === undefined) return size;
  if ('error' in fault) throw diskError(fault.error);
  return Math.min(size, fault.onlyBytes);
}

/** A file system whose calls all fail from number `first` on: what a program sees of its own crash. */
export function stoppingAt(first: number, under: FileSystem): FaultFileSystem {
  const fs = new FaultFileSystem(under);
  fs.plan = call => (call.index >= first ? { error: 'ECRASH' } : undefined);
  return fs;
}
