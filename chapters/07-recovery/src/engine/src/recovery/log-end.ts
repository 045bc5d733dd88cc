// superseded later: damage

/** What opening throws: with the way on. */
export function damage(live: LiveFile, offset: number, problem: string): CorruptionError {
  return new CorruptionError(dataFileName(live.id), offset, `${problem}; repairDirectory keeps all that can be read`);
}
