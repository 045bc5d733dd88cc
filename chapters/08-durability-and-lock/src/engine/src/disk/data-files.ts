// superseded later: DataFiles.#create
class DataFiles {

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
}
