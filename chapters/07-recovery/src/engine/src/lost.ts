// superseded later: keepTail

/** Copy what stands in a file from `offset` on to lost/; `undefined` when nothing does. On return the copy is on the disk. */
export function keepTail(fs: FileSystem, directory: string, file: string, offset: number): CutTail | undefined {
  if (!fs.list(directory).includes(file)) return undefined;
  const folder = join(directory, LOST);
  const keptAs = join(LOST, `${file}.${offset}`);
  fs.makeDirectory(folder);
  const bytes = copyTail(fs, join(directory, file), offset, join(directory, keptAs));
  fs.syncDirectory(folder);
  if (bytes > 0) return { file, offset, bytes, keptAs };
  fs.remove(join(directory, keptAs));
  return undefined;
}
