/**
 * CarefulCask: MiniCask on a disk that syncs around each rename. First the bytes of the new file, so that its name never
 * leads to nothing; after the rename the directory, so that what is put from now on is not put into a file without a name.
 */

import * as nodeFs from 'node:fs';
import { dirname } from 'node:path';
import { type Disk, MiniCask } from './mini-cask.ts';

function sync(disk: Disk, path: string, flags: string): void {
  const fd = disk.openSync(path, flags);
  disk.fsyncSync(fd);
  disk.closeSync(fd);
}

/** The calls of `disk`, with a rename that is durable when it returns. */
const careful = (disk: Disk): Disk => ({
  openSync: (path, flags) => disk.openSync(path, flags),
  fstatSync: fd => disk.fstatSync(fd),
  readSync: (fd, target, at, size, position) => disk.readSync(fd, target, at, size, position),
  writeSync: (fd, bytes) => disk.writeSync(fd, bytes),
  fsyncSync: fd => disk.fsyncSync(fd),
  closeSync: fd => disk.closeSync(fd),
  rmSync: (path, options) => disk.rmSync(path, options),
  renameSync(from, to) {
    sync(disk, from, 'r+');
    disk.renameSync(from, to);
    sync(disk, dirname(to), 'r');
  },
});

export class CarefulCask extends MiniCask {
  static override open(path: string, disk: Disk = nodeFs): CarefulCask {
    return MiniCask.open(path, careful(disk));
  }
}
