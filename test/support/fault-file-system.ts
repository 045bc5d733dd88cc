/**
 * FaultFileSystem: a file system that does what a test says at the calls it says. It keeps a list of all calls, so a test
 * can run once to count them and then again, failing at each in turn.
 */
import { basename } from 'node:path';
import type { FileSystem, OpenFile, OpenMode } from '../../engine/src/disk/file-system.ts';
import { nodeFileSystem } from '../../engine/src/disk/file-system.ts';

export type Operation = keyof OpenFile | Exclude<keyof FileSystem, 'open'> | OpenMode;

/** One call to the disk: what was asked of which file (its name, without the directory). */
export interface Call {
  readonly index: number;
  readonly operation: Operation;
  readonly file: string;
}

/** What a test wants to happen instead: the call fails; or a write takes only so many bytes and fails then. */
export type Fault = { readonly error: string; readonly afterBytes?: number } | undefined;

/** An error as the operating system would report it. */
export function diskError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: on purpose`), { code });
}

export const isWrite = (call: Call): boolean => call.operation === 'write';
export const isSync = (call: Call): boolean => call.operation === 'syncData' || call.operation === 'syncDataLater';

export class FaultFileSystem implements FileSystem {
  readonly calls: Call[] = [];
  /** Asked before each call; may itself throw, or end the process. */
  plan: (call: Call) => Fault = () => undefined;
  readonly #under: FileSystem;

  constructor(under: FileSystem = nodeFileSystem) {
    this.#under = under;
  }

  open(path: string, mode: OpenMode): OpenFile {
    this.#before(mode, path);
    const file = this.#under.open(path, mode);
    return {
      read: (target, start, size, position) => {
        this.#before('read', path);
        return file.read(target, start, size, position);
      },
      write: (bytes, start, size, position) => {
        const fault = this.#ask('write', path);
        if (fault === undefined) return file.write(bytes, start, size, position);
        if (fault.afterBytes) file.write(bytes, start, Math.min(size, fault.afterBytes), position);
        throw diskError(fault.error);
      },
      truncate: size => {
        this.#before('truncate', path);
        file.truncate(size);
      },
      syncData: () => {
        this.#before('syncData', path);
        file.syncData();
      },
      syncDataLater: async () => {
        this.#before('syncDataLater', path);
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
    this.#before('rename', to);
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

  #ask(operation: Operation, path: string): Fault {
    const call = { index: this.calls.length, operation, file: basename(path) };
    this.calls.push(call);
    return this.plan(call);
  }

  #before(operation: Operation, path: string): void {
    const fault = this.#ask(operation, path);
    if (fault !== undefined) throw diskError(fault.error);
  }
}
