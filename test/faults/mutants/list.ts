/**
 * Faults to plant: each is a small, likely mistake in a place that a promise hangs on, with the test that has to notice.
 * `replace` stands exactly once in the file, below engine/src; `caughtBy` names a test file below test/engine and a test.
 */

/** One fault. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly replace: string;
  readonly with: string;
  readonly caughtBy: { readonly file: string; readonly test: string };
}

const crash = (operation: string) => ({ file: 'crash.test.ts', test: `in ${operation}, and in the recovery after it` });
const inFile = (file: string, test: string) => ({ file, test });

/** All faults. */
export const MUTANTS: readonly Mutant[] = [
  // ---------------------------------------------------------------------------------------------- syncs, one by one
  {
    name: 'the manifest is renamed before its bytes are on the disk',
    file: 'disk/manifest.ts',
    replace: 'writeFile(fs, join(directory, TEMPORARY_NAME), encodeManifest(manifest), true);',
    with: 'writeFile(fs, join(directory, TEMPORARY_NAME), encodeManifest(manifest), false);',
    caughtBy: crash('rotation'),
  },
  {
    name: 'the directory is not synced after the manifest was renamed',
    file: 'disk/manifest.ts',
    replace:
      '  fs.rename(join(directory, TEMPORARY_NAME), join(directory, MANIFEST_NAME));\n  fs.syncDirectory(directory);',
    with: '  fs.rename(join(directory, TEMPORARY_NAME), join(directory, MANIFEST_NAME));',
    caughtBy: crash('put'),
  },
  {
    name: 'the manifest is written in place, without a rename',
    file: 'disk/manifest.ts',
    replace:
      '  writeFile(fs, join(directory, TEMPORARY_NAME), encodeManifest(manifest), true);\n  fs.rename(join(directory, TEMPORARY_NAME), join(directory, MANIFEST_NAME));',
    with: '  writeFile(fs, join(directory, MANIFEST_NAME), encodeManifest(manifest), true);',
    caughtBy: inFile(
      'disk/manifest.test.ts',
      'a commit that fails at any call to the disk leaves the old manifest or the new one, whole',
    ),
  },
  {
    name: "a put at level 'disk' waits for no sync",
    file: 'log/commit.ts',
    replace: "if (level === 'disk') this.writer.syncNow();",
    with: "if (level === 'disk') this.writer.afterWrite('os');",
    caughtBy: crash('put'),
  },
  {
    name: 'the shared sync does nothing',
    file: 'log/log.ts',
    replace: 'await this.files.syncLater();',
    with: 'await undefined;',
    caughtBy: crash('batch'),
  },
  {
    name: 'the sync of close does nothing',
    file: 'log/log.ts',
    replace: '    this.files.sync();\n    this.syncedSeq = this.writtenSeq;',
    with: '    this.syncedSeq = this.writtenSeq;',
    caughtBy: inFile('durability.test.ts', 'has everything on the disk, at every level'),
  },
  {
    name: 'the shared sync leaves out a file that was followed by another',
    file: 'disk/data-files.ts',
    replace: 'const behind = this.#unsealed.filter(unsealed => unsealed.syncedSize < unsealed.file.size);',
    with: 'const behind = this.#unsealed.slice(-1);',
    caughtBy: inFile('durability.test.ts', 'covers every file that was written to, and the names of new ones'),
  },
  {
    name: 'recovery lists what it has read without syncing it',
    file: 'recovery/settle.ts',
    replace: '  if (mayTrust) for (const live of kept) syncFile(fs, directory, live);\n  else',
    with: '  if (!mayTrust)',
    caughtBy: crash('put'),
  },
  {
    name: 'files written anew after a failed sync are not synced',
    file: 'disk/copy-records.ts',
    replace: '    target.sync();',
    with: '    void target;',
    caughtBy: inFile('disk-errors.test.ts', 'makes the next opening write anew what may not be on the disk'),
  },
  {
    name: 'what recovery cuts is not synced in lost/',
    file: 'disk/copy-records.ts',
    replace: '      target.syncData();\n      return copied;',
    with: '      return copied;',
    caughtBy: inFile('lost.test.ts', 'in lost/ survives a power cut right after opening'),
  },
  {
    name: 'the names in lost/ are not synced',
    file: 'recovery/lost.ts',
    replace: '  fs.syncDirectory(folder);',
    with: '',
    caughtBy: inFile('lost.test.ts', 'in lost/ survives a power cut right after opening'),
  },
  {
    name: 'a merge does not sync what made its inputs dead',
    file: 'merge/merge.ts',
    replace: '    await commit.sync();',
    with: '    commit.appendQueued();',
    caughtBy: crash('merge, with changes meanwhile'),
  },
  {
    name: 'a merge does not sync its outputs',
    file: 'merge/merge-output.ts',
    replace: 'await file.syncLater();',
    with: 'await undefined;',
    caughtBy: crash('merge'),
  },
  {
    name: 'a merge does not sync the directory before it commits',
    file: 'merge/merge.ts',
    replace: '      fs.syncDirectory(this.#directory);\n',
    with: '',
    caughtBy: crash('merge'),
  },
  // ----------------------------------------------------------------------------------------------------- in what order
  {
    name: 'a data file is written to before the manifest lists it',
    file: 'disk/data-files.ts',
    replace: '    this.#manifest.files.push(live);\n    try {\n      this.#commitManifest();',
    with: '    this.#manifest.files.push(live);\n    try {',
    caughtBy: crash('put'),
  },
  {
    name: 'a file is sealed before it is on the disk',
    file: 'disk/data-files.ts',
    replace: 'const firstBehind = this.#unsealed.findIndex(({ file, syncedSize }) => syncedSize < file.size);',
    with: 'const firstBehind = -1;',
    caughtBy: crash('rotation'),
  },
  {
    name: 'recovery sweeps before it has read the manifest',
    file: 'recovery/recovery.ts',
    replace: '  const stored = readManifest(fs, directory);',
    with: '  const stored = readManifest(fs, directory);\n  sweep(fs, directory, stored ?? { ...rebuildManifest(fs, directory), files: [] });',
    caughtBy: inFile('recovery-damage.test.ts', 'in the manifest costs nothing: it is made anew from the files'),
  },
  {
    name: 'a merge removes its inputs before it commits',
    file: 'merge/merge.ts',
    replace: '    commit.log.files.replace(',
    with: '    for (const { id } of this.#files) this.#store.fs.remove(join(this.#directory, dataFileName(id)));\n    commit.log.files.replace(',
    caughtBy: crash('merge'),
  },
  {
    name: 'waiters are released up to what is written, not up to what is synced',
    file: 'log/sync-queue.ts',
    replace: '        this.#waiters.release(this.#log.syncedSeq);\n        if',
    with: '        this.#waiters.release(this.#log.writtenSeq);\n        if',
    caughtBy: inFile('group-commit.test.ts', 'a waiter that comes while a sync is under way waits for the next'),
  },
  {
    name: 'a sync that was under way when another failed makes something durable',
    file: 'log/sync-queue.ts',
    replace: '        if (this.#failed) return; // Another sync has failed meanwhile: this one proves nothing.\n',
    with: '',
    caughtBy: inFile('disk-errors.test.ts', 'is believed by nobody, though another sync that was under way says yes'),
  },
  {
    name: 'a lock whose named owner is dead is not waited for',
    file: 'disk/lock-file.ts',
    replace: 'const owner = isRunning(named) ? named : await findOwner(directory);',
    with: 'const owner = named || (await findOwner(directory));',
    caughtBy: inFile('lock.test.ts', 'has let go of it by dying, while a child process still has its descriptor'),
  },
  {
    name: 'a sync vouches for what was written while it was under way',
    file: 'log/log.ts',
    replace: '    return target;',
    with: '    return Math.max(target, this.writtenSeq);',
    caughtBy: inFile(
      'group-commit.test.ts',
      'whenever somebody is released, all that was waited for outlives a power cut in that moment',
    ),
  },
  // ------------------------------------------------------------------------------------------------- errors of the disk
  {
    name: 'a failed write is not cut back',
    file: 'log/log.ts',
    replace: '      this.#cutBack(this.#target!);\n',
    with: '',
    caughtBy: inFile(
      'failed-append.test.ts',
      'three writes of one turn that fails after any number of bytes has left nothing behind',
    ),
  },
  {
    name: 'a failed write leaves its change in the buffer',
    file: 'log/commit.ts',
    replace: '      this.undo();\n      if (this.log.pendingSize > 0)',
    with: '      if (this.log.pendingSize > 0)',
    caughtBy: inFile('failed-append.test.ts', 'one put that fails after any number of bytes has left nothing behind'),
  },
  {
    name: 'a store whose sync has failed goes on writing',
    file: 'log/log-writer.ts',
    replace: '    this.#fatal ??= error;\n',
    with: '',
    caughtBy: inFile(
      'disk-errors.test.ts',
      'poisons the store: pending syncs reject, writes throw, reads go on, also when later syncs would work',
    ),
  },
  {
    name: 'a failed sync is tried again, as if the system had kept the bytes',
    file: 'recovery/settle.ts',
    replace: 'const mayTrust = kept.length === 0 || readFile(fs, mark) === undefined;',
    with: 'const mayTrust = true;',
    caughtBy: inFile('disk-errors.test.ts', 'makes the next opening write anew what may not be on the disk'),
  },
  {
    name: 'the mark of a failed sync is not left',
    file: 'log/log-writer.ts',
    replace: '      writeFile(this.#fs, join(this.log.directory, POISONED_NAME),',
    with: '      if (this.log === undefined) writeFile(this.#fs, join(this.log, POISONED_NAME),',
    caughtBy: inFile('disk-errors.test.ts', 'makes the next opening write anew what may not be on the disk'),
  },
  {
    name: 'a short write is taken for a whole one',
    file: 'disk/data-file.ts',
    replace: '    done += count;\n  }\n}',
    with: '    done = size;\n  }\n}',
    caughtBy: inFile('disk/data-file.test.ts', 'a write that takes fewer bytes than it was given is gone on with'),
  },
  // ------------------------------------------------------------------------------------------------------------ recovery
  {
    name: 'a record is believed wherever it stands',
    file: 'format/record.ts',
    replace: 'return (salt ^ fileOffset ^ Math.imul(high, 0x9e37_79b1)) >>> 0;',
    with: 'return (salt ^ Math.imul(high, 0)) >>> 0;',
    caughtBy: inFile('format/record.test.ts', 'a record at another offset, or in another file, is never read'),
  },
  {
    name: 'damage before a later syncedTo is taken for a torn tail',
    file: 'recovery/log-end.ts',
    replace: 'if (manifest.syncedTo <= lastSeq && !files.some(vouches)) return;',
    with: 'if (manifest.syncedTo <= lastSeq) return;',
    caughtBy: inFile(
      'recovery-damage.test.ts',
      'before a later readable syncedTo is damage; after it, the log ends there',
    ),
  },
  {
    name: 'the manifest vouches for nothing',
    file: 'recovery/log-end.ts',
    replace: 'if (manifest.syncedTo <= lastSeq && !files.some(vouches)) return;',
    with: 'if (!files.some(vouches)) return;',
    caughtBy: inFile(
      'recovery-damage.test.ts',
      'before what the manifest says was synced is damage, also when no record behind it is left',
    ),
  },
  {
    name: 'appends do not say what was synced before them',
    file: 'log/log.ts',
    replace: 'header.syncedTo = this.#buffer.size === 0 ? this.syncedSeq : 0;',
    with: 'header.syncedTo = 0;',
    caughtBy: inFile(
      'recovery-damage.test.ts',
      'before a later readable syncedTo is damage; after it, the log ends there',
    ),
  },
  {
    name: 'a growing file counts although the file before it has lost its tail',
    file: 'recovery/replay-files.ts',
    replace: 'const followsOn = live.minSeq <= replay.lastSeq + 1;',
    with: 'const followsOn = true;',
    caughtBy: inFile(
      'recovery-cut.test.ts',
      'a growing file that ends at a whole record, before the next one goes on, ends the log',
    ),
  },
  {
    name: 'a file with another salt is believed',
    file: 'recovery/replay-files.ts',
    replace: 'if (file.salt === live.salt) return file;',
    with: 'if (file.salt !== -1) return file;',
    caughtBy: inFile('recovery-damage.test.ts', 'that is missing, cut short at any byte, or another file, is damage'),
  },
  {
    name: 'an older record of a key wins when it is read later',
    file: 'recovery/replayed-keys.ts',
    replace: '    if (this.#newestSeq(entry.key) > entry.seq) return;\n',
    with: '',
    caughtBy: inFile(
      'replay-order.test.ts',
      'a tombstone that is read first keeps an older value out, and no newer one',
    ),
  },
  {
    name: 'a batch without its end counts',
    file: 'recovery/replay.ts',
    replace: "      if (next === 'end') return 'torn';",
    with: "      if (next === 'end') {\n        for (const change of changes) this.apply(change);\n        return 'applied';\n      }",
    caughtBy: inFile('recovery-cut.test.ts', 'of the last batch: the store holds all of it or nothing'),
  },
  {
    name: 'the end of a batch is not held against its members',
    file: 'recovery/replay.ts',
    replace: "if (!matches) return 'corrupt';",
    with: '',
    caughtBy: inFile(
      'recovery-damage.test.ts',
      'a whole batch end that does not match its members, by count, size or CRC, makes the batch unreadable',
    ),
  },
  {
    name: 'seqs go on where the readable log ends',
    file: 'recovery/recovery.ts',
    replace: 'manifest.lastSeq = Math.max(manifest.lastSeq, replay.lastSeq) + SEQ_GAP;',
    with: 'manifest.lastSeq = Math.max(manifest.lastSeq, replay.lastSeq);',
    caughtBy: inFile('recovery-cut.test.ts', 'go on far above those that were given away'),
  },
  // --------------------------------------------------------------------------------------------------------------- hints
  {
    name: 'a hint of another data file is believed',
    file: 'disk/hint-file.ts',
    replace: 'bytes.readUInt32LE(FILE_ID_OFFSET) === live.id && bytes.readUInt32LE(SALT_OFFSET) === live.salt',
    with: 'bytes.readUInt32LE(FILE_ID_OFFSET) >= 0',
    caughtBy: inFile('damaged-hints.test.ts', 'of another file, or of another store, is not used'),
  },
  {
    name: 'a hint is not held against its checksum',
    file: 'disk/hint-file.ts',
    replace: "if (bytes.readUInt32LE(end) !== crc32(bytes, 0, end)) return 'it does not match its checksum';",
    with: '',
    caughtBy: inFile('damaged-hints.test.ts', 'with any one bit flipped is not used, is said so, and is written anew'),
  },
  {
    name: 'a stale hint is believed',
    file: 'disk/hint-file.ts',
    replace:
      "if (Number(bytes.readBigUInt64LE(DATA_SIZE_OFFSET)) !== live.sealedSize) return 'the data file has another size';",
    with: '',
    caughtBy: inFile('damaged-hints.test.ts', 'about the size of its file, its count or its version, is not used'),
  },
  {
    name: 'a hint is used as far as it makes sense',
    file: 'disk/hint-file.ts',
    replace: "return hint.isWhole(live.sealedSize) ? hint : 'it makes no sense';",
    with: 'return hint;',
    caughtBy: inFile('hints.test.ts', 'has a record that nobody wrote, and then one that makes no sense'),
  },
  {
    name: 'a hint is enough, whatever has become of its data file',
    file: 'recovery/replay-files.ts',
    replace: 'if (!isThere) return false;',
    with: 'if (live.sealedSize === null) return false;',
    caughtBy: inFile('damaged-hints.test.ts', 'that its data file is too short, at any byte'),
  },
  // --------------------------------------------------------------------------------------------------------------- merge
  {
    name: 'a merge drops every tombstone',
    file: 'merge/copy-live-records.ts',
    replace: 'return deletes && this.#job.lowestSeqOutside <= seq;',
    with: 'return false;',
    caughtBy: inFile(
      'merge/subsets.test.ts',
      'in any order, with changes meanwhile, crashes and hints or none, change nothing',
    ),
  },
  {
    name: 'a merge drops changes of expiry',
    file: 'merge/copy-live-records.ts',
    replace: 'if (kind === KIND_EXPIRY_PATCH) return this.#patchSeqs.has(seq);',
    with: 'if (kind === KIND_EXPIRY_PATCH) return false;',
    caughtBy: crash('merge'),
  },
  {
    name: 'a merge moves the entry of a newer value to the copy of the older one',
    file: 'keydir/key-index.ts',
    replace: 'const isNewest = newest?.fileId === entry.fileId && newest.recordOffset === entry.recordOffset;',
    with: 'const isNewest = newest !== undefined;',
    caughtBy: inFile(
      'classic-bugs.test.ts',
      'an overwrite during a merge was undone when the merge put its copy into the index',
    ),
  },
  {
    name: 'files that a merge has replaced go while a snapshot reads them',
    file: 'merge/removal.ts',
    replace: 'this.#snapshots.afterClosed(this.#snapshots.lastSerial, () => void this.#removeAll(inOrder));',
    with: 'void this.#removeAll(inOrder);',
    caughtBy: inFile('merge/meanwhile.test.ts', 'a snapshot reads on, and the old files stay until it is closed'),
  },
  // ---------------------------------------------------------------------------------------------------- lock, and ending
  {
    name: 'the lock is not let go of when the store closes',
    file: 'database.ts',
    replace: 'this.#closing ??= this.#close().finally(() => this.#lock.release());',
    with: 'this.#closing ??= this.#close();',
    caughtBy: inFile('lock.test.ts', 'a second Database is kept out until the first is closed'),
  },
  {
    name: 'the lock is not let go of when opening fails',
    file: 'database.ts',
    replace: 'await recover(root, resolved), lock);\n      } catch (error) {\n        lock.release();',
    with: 'await recover(root, resolved), lock);\n      } catch (error) {',
    caughtBy: inFile('lock.test.ts', 'the lock is free again when opening fails'),
  },
  {
    name: 'what is pending is forgotten when the process ends',
    file: 'log/log-writer.ts',
    replace: '    this.log.flush();\n    if (this.#intervalTimer',
    with: '    if (this.#intervalTimer',
    caughtBy: inFile('kill.test.ts', 'what was put is handed over when the program ends by exit'),
  },
];
