/**
 * Single keys from a terminal, or whole lines where there is none. Ctrl-C is a key here and always answers 'quit'.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface KeySource {
  /** The next key or line in lower case; 'quit' for Ctrl-C and at the end of the input. */
  next(): Promise<string>;
  /** The key that waits to be taken, if one was typed already. */
  peek(): string | undefined;
  close(): void;
}

type Input = Readable & { isTTY?: boolean; setRawMode?: (on: boolean) => unknown };

export const QUIT = 'quit';

/** Keys when the input is a terminal, else lines. Keys typed before they are asked for wait in order. */
export function keysFrom(input: Input): KeySource {
  const waiting: Array<(key: string) => void> = [];
  const typed: string[] = [];
  let ended = false;
  const give = (key: string): void => {
    const taker = waiting.shift();
    if (taker === undefined) typed.push(key);
    else taker(key);
  };
  const end = (): void => {
    ended = true;
    for (const taker of waiting.splice(0)) taker(QUIT);
  };
  const close = input.isTTY ? listenToKeys(input, give, end) : listenToLines(input, give, end);
  return {
    next: () => {
      const key = typed.shift();
      if (key !== undefined) return Promise.resolve(key);
      return ended ? Promise.resolve(QUIT) : new Promise(taker => waiting.push(taker));
    },
    peek: () => typed[0],
    close,
  };
}

function listenToKeys(input: Input, give: (key: string) => void, end: () => void): () => void {
  const onData = (data: Buffer | string): void => {
    const text = data.toString();
    if (text === '\u0003' || text === '\u0004') give(QUIT);
    else if (text.startsWith('\u001b') && text.length > 1)
      give(text === '\u001b[D' ? 'left' : text === '\u001b[C' ? 'right' : '');
    else for (const key of text) give(key === '\r' || key === '\n' ? 'enter' : key.toLowerCase());
  };
  input.setRawMode?.(true);
  input.resume();
  input.on('data', onData);
  input.once('end', end);
  return () => {
    input.off('data', onData);
    input.setRawMode?.(false);
    input.pause();
  };
}

function listenToLines(input: Input, give: (key: string) => void, end: () => void): () => void {
  const lines = createInterface({ input, terminal: false });
  lines.on('line', line => give(line.trim().toLowerCase() || 'enter'));
  lines.on('close', end);
  return () => lines.close();
}
