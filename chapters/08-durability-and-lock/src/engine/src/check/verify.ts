// superseded later: VerifyReport

/** What {@link Database.verify} has found. */
export interface VerifyReport {
  /** Data files, and records that could be read in them. */
  readonly files: number;
  readonly records: number;
  /** What is wrong; empty when nothing is. */
  readonly problems: readonly Problem[];
  /** Writes that never ended: the next opening cuts them, and keeps them in lost/. */
  readonly tails: readonly Problem[];
}
