// superseded later: ProblemCode

/**
 * What is wrong: with the manifest; with a data file that is missing, or whose header is not the right one; with bytes that
 * are no record; with a file that is shorter than it was; with a batch that is not whole; with an entry of the index, which
 * does not fit its record; with a count, which does not fit what was counted.
 */
export type ProblemCode =
  | 'MANIFEST'
  | 'FILE_MISSING'
  | 'FILE_HEADER'
  | 'RECORD'
  | 'RECORDS_MISSING'
  | 'BATCH'
  | 'ENTRY'
  | 'COUNT';
