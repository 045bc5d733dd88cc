// superseded later: DataFiles, DataFiles.#create, DataFiles.#seal

/** The data files of one open database. */
export class DataFiles {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #manifest: Manifest;
  readonly #maxSize: number;
  /** Brings the seqs in the manifest up to date, before it is written. */
  readonly #stampSeqs: () => void;

  /** Oldest first; the last one is the active file. */
  readonly #unsealed: UnsealedFile[] = [];
  readonly #open = new Map<FileId, DataFile>();
  #active: UnsealedFile | undefined;
  /** The size of the active file at which a new one is tried for; above the maximum after a try that failed. */
  #rotateAt = 0;

  constructor(fs: FileSystem, directory: string, manifest: Manifest, maxSize: number, stampSeqs: () => void) {
    this.#fs = fs;
    this.#directory = directory;
    this.#manifest = manifest;
    this.#maxSize = maxSize;
    this.#stampSeqs = stampSeqs;
  }

  #create(position: number): UnsealedFile {
    const id = this.#manifest.nextFileId as FileId;
    if (id > MAX_FILE_ID) throw new EngineError('UNSUPPORTED', 'the database has used up all numbers for data files');
    this.#manifest.nextFileId++; // Whatever happens now, this number is not tried again.
    const file = DataFile.create(this.#fs, this.#directory, id, randomBytes(4).readUInt32LE());
    const live: LiveFile = { id, salt: file.salt, sealedSize: null, minSeq: position + 1, maxSeq: 0 };
    this.#manifest.files.push(live);
    try {
      this.#commitManifest();
    } catch (error) {
      this.#manifest.files.pop();
      file.close(); // The file stays: whether the manifest on the disk lists it is not known.
      throw error;
    }
    const unsealed = { file, live, syncedSize: 0 };
    this.#unsealed.push(unsealed);
    this.#keepOpen(file);
    return unsealed;
  }

  /** Seal the oldest files, at most `count`, and have the manifest say so. */
  #seal(count: number): void {
    const firstBehind = this.#unsealed.findIndex(({ file, syncedSize }) => syncedSize < file.size);
    const sealed = this.#unsealed.slice(0, firstBehind < 0 ? count : Math.min(count, firstBehind));
    if (sealed.length === 0) return;
    for (const { live, file } of sealed) live.sealedSize = file.size;
    try {
      this.#commitManifest();
    } catch (error) {
      for (const { live } of sealed) live.sealedSize = null;
      throw error;
    }
    this.#unsealed.splice(0, sealed.length);
    for (const { file } of sealed) makeReadOnly(this.#fs, this.#directory, file.id);
  }
}
