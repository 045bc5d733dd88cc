// superseded later: copyValue

/** The value of an entry, in memory of its own. */
export function copyValue(log: Log, entry: Entry): Buffer {
  return log.read(entry).value;
}
