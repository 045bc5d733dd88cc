// superseded later: DataFile.create
class DataFile {

  /** Make a new data file in `directory`, with its header in it. The file must not exist. */
  static create(fs: FileSystem, directory: string, id: FileId, salt: number): DataFile {
    const path = join(directory, dataFileName(id));
    const file = fs.open(path, 'create');
    const dataFile = new DataFile(id, salt, file, 0);
    try {
      dataFile.append(encodeFileHeader({ fileId: id, salt }));
      return dataFile;
    } catch (error) {
      file.close();
      fs.remove(path);
      throw error;
    }
  }
}
