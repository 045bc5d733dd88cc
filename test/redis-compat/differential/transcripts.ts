/**
 * Transcripts: what a real Redis answered to the scripts. They stand in for it on a machine that has none.
 */
import type { Command, RawClient, Reply } from '../../support/raw-client.ts';

/** What a script was answered by a real Redis. */
export interface Transcript {
  readonly name: string;
  readonly protocol: 2 | 3;
  readonly commands: readonly Command[];
  readonly replies: readonly Reply[];
}

/** The file of recorded transcripts. */
export const TRANSCRIPTS_FILE: URL = new URL('../../golden/redis-transcripts/strings-bits-keys.json', import.meta.url);

/** That file's content. */
export interface RecordedTranscripts {
  /** The version of Redis that answered. */
  readonly redis: string;
  /** When, in milliseconds since the Unix epoch. */
  readonly recordedAtMs: number;
  readonly transcripts: readonly Transcript[];
}

/** Empty the server, forget what connections had selected, then run the script; the answers to the script. */
export async function runScript(client: RawClient, commands: readonly Command[], protocol: 2 | 3): Promise<Reply[]> {
  const preamble: readonly Command[] = [['HELLO', String(protocol)], ['SELECT', '0'], ['FLUSHALL']];
  return (await client.run([...preamble, ...commands])).slice(preamble.length);
}
