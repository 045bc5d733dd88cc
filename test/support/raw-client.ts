/**
 * A Redis client that hides nothing: sends commands as given and returns replies as the protocol has them, so that two
 * servers can be compared to the byte. Strings are bytes, one char each (latin-1).
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * A reply in a form that prints and compares: a scalar is its type's sign and its text (`+OK`, `:1`, `$abc`, `-ERR no`,
 * `_` for null), an aggregate an array that begins with its sign (`['*', ':1', ':2']`).
 */
export type Reply = string | readonly Reply[];

/** A command and its arguments. */
export type Command = readonly string[];

/** One connection. */
export class RawClient {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', chunk => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#waiting?.();
    });
    socket.on('close', () => this.#waiting?.());
    socket.on('error', () => undefined);
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Send the commands in one piece, and return their replies. */
  async run(commands: readonly Command[]): Promise<Reply[]> {
    this.#socket.write(Buffer.concat(commands.map(encodeCommand)));
    const replies: Reply[] = [];
    let at = 0;
    while (replies.length < commands.length) {
      const parsed = parseReply(this.#received, at);
      if (parsed !== undefined) {
        replies.push(parsed.reply);
        at = parsed.end;
        continue;
      }
      this.#received = this.#received.subarray(at);
      at = 0;
      if (this.#socket.destroyed)
        throw new Error(`connection closed after ${replies.length} of ${commands.length} replies`);
      await new Promise<void>(resolve => {
        this.#waiting = resolve;
      });
    }
    this.#received = this.#received.subarray(at);
    return replies;
  }

  /** Send one command. */
  async call(...command: string[]): Promise<Reply> {
    return (await this.run([command]))[0]!;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The command as an array of bulk strings. */
export function encodeCommand(command: Command): Buffer {
  const parts = command.map(argument => `$${argument.length}\r\n${argument}\r\n`);
  return Buffer.from(`*${command.length}\r\n${parts.join('')}`, 'latin1');
}

/** Split a line into a command as redis-cli does: words, or "quoted" with \n, \xHH and so on. */
export function parseCommand(line: string): Command {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(match => {
    if (match[1] === undefined) return match[2]!;
    return match[1].replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_, code: string) => {
      if (code.length === 3) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
      return { n: '\n', r: '\r', t: '\t' }[code] ?? code;
    });
  });
}

/** The reply that begins at `at`, or undefined when it has not come whole. */
function parseReply(bytes: Buffer, at: number): { reply: Reply; end: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
  if (lineEnd < 0) return undefined;
  const sign = String.fromCharCode(bytes[at]!);
  const line = bytes.toString('latin1', at + 1, lineEnd);
  const next = lineEnd + 2;
  if ('$=!'.includes(sign)) return parseBulk(bytes, sign, Number(line), next);
  if ('*%~>'.includes(sign)) return parseAggregate(bytes, sign, Number(line), next);
  return { reply: sign === '_' ? '_' : sign + line, end: next };
}

function parseBulk(bytes: Buffer, sign: string, size: number, at: number): { reply: Reply; end: number } | undefined {
  if (size < 0) return { reply: '_', end: at };
  if (bytes.length < at + size + 2) return undefined;
  return { reply: sign + bytes.toString('latin1', at, at + size), end: at + size + 2 };
}

function parseAggregate(
  bytes: Buffer,
  sign: string,
  count: number,
  start: number,
): { reply: Reply; end: number } | undefined {
  if (count < 0) return { reply: '*_', end: start };
  const items: Reply[] = [sign];
  let at = start;
  for (let i = 0; i < (sign === '%' ? 2 * count : count); i++) {
    const item = parseReply(bytes, at);
    if (item === undefined) return undefined;
    items.push(item.reply);
    at = item.end;
  }
  return { reply: items, end: at };
}
