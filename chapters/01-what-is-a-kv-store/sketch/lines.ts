/** One entry is one line of JSON, so that every file of this chapter can be read with `head` and your own eyes. */

/** A key and its value. */
export type Entry = [key: string, value: string];

/** One entry: `["key","value"]` and a line break. JSON escapes those within, so a line ends where its entry ends. */
export const encodeLine = (key: string, value: string): Buffer => Buffer.from(`${JSON.stringify([key, value])}\n`);

/** The entries of some whole lines, in order. */
export function decodeLines(bytes: Buffer): Entry[] {
  const lines = bytes.toString().split('\n');
  return lines.filter(line => line !== '').map(line => JSON.parse(line) as Entry);
}
