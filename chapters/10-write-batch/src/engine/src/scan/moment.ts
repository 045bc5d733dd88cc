// superseded later: EntryWithValue, View, Moment.withValue

/** A value with all that is known of its key. */
export interface EntryWithValue {
  readonly value: Buffer;
  /** The seq of the newest change of this key. */
  readonly seq: number;
}

/** The keys as somebody sees them: what cursors go over. */
export interface View {
  /** The entry of a key that is there. */
  find(key: KeyString): Entry | undefined;
  /** The keys of the range, and perhaps others that are not there. */
  walk(range: Range): Walk;
  /** The value of an entry found here. */
  valueOf(entry: Entry): Buffer;
  /** An entry found here, as programs see it. */
  withValue(entry: Entry): EntryWithValue;
  /** @throws {EngineError} `CLOSED`. */
  assertOpen(): void;
}
class Moment {

  withValue(entry: Entry): EntryWithValue {
    return { value: this.valueOf(entry), seq: entry.seq };
  }
}
