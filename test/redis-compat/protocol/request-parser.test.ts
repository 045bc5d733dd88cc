import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitWords } from '../../../redis-compat/src/protocol/inline-words.ts';
import { RequestParser } from '../../../redis-compat/src/protocol/request-parser.ts';

const MAX_BULK = 512 * 1024 * 1024;

/** Feeds the parts one after the other, each in memory that is overwritten afterwards, as the server's read buffer is. */
function parse(
  parts: readonly Buffer[],
  configure?: (parser: RequestParser) => void,
): { commands: string[][]; error: string | undefined } {
  const parser = new RequestParser(MAX_BULK);
  configure?.(parser);
  const commands: string[][] = [];
  const shared = Buffer.alloc(Math.max(1, ...parts.map(part => part.length)));
  for (const part of parts) {
    part.copy(shared);
    parser.feed(shared, part.length);
    while (parser.next()) {
      commands.push(
        Array.from({ length: parser.argc }, (_, i) =>
          parser.bytes.toString('latin1', parser.at[2 * i], parser.at[2 * i + 1]),
        ),
      );
    }
    parser.keepRest();
    shared.fill(0x2a);
  }
  return { commands, error: parser.error };
}

const encode = (command: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat([
    Buffer.from(`*${command.length}\r\n`),
    ...command.flatMap(arg => [
      Buffer.from(`$${arg.length}\r\n`),
      Buffer.from(arg as string, 'latin1'),
      Buffer.from('\r\n'),
    ]),
  ]);

const error = (text: string): string => `ERR Protocol error: ${text}`;

describe('commands in any split', () => {
  const wire = Buffer.concat([
    encode(['SET', 'key', 'a\r\nb']),
    Buffer.from('PING\r\n'),
    encode(['GET', '']),
    Buffer.from('*0\r\n*-1\r\n\r\n'),
    Buffer.from("set \"a b\" 'c\\'d' \\x \r\n"),
    encode(['MSET', 'k'.repeat(300), 'v', 'w', '1']),
  ]);
  const whole = parse([wire]);

  test('the stream holds five commands', () => {
    expect(whole.commands.map(command => command[0])).toEqual(['SET', 'PING', 'GET', 'set', 'MSET']);
    expect(whole.commands[3]).toEqual(['set', 'a b', "c'd", '\\x']);
    expect(whole.error).toBeUndefined();
  });

  test('a cut at any byte changes nothing', () => {
    for (let cut = 0; cut <= wire.length; cut++) {
      expect(parse([wire.subarray(0, cut), wire.subarray(cut)])).toEqual(whole);
    }
  });

  test('byte by byte is the same', () => {
    expect(parse([...wire].map(byte => Buffer.from([byte])))).toEqual(whole);
  });

  test('any commands in any split come out as they went in', () => {
    const command = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 20 }),
        fc.array(fc.nat({ max: 200 }), { minLength: 1 }),
        (commands, sizes) => {
          const given = commands.map(args => args.map(arg => Buffer.from(arg)));
          const bytes = Buffer.concat(given.map(encode));
          const parts: Buffer[] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = 1 + sizes[i % sizes.length]!;
            parts.push(bytes.subarray(at, at + size));
            at += size;
          }
          expect(parse(parts)).toEqual({
            commands: given.map(args => args.map(arg => arg.toString('latin1'))),
            error: undefined,
          });
        },
      ),
    );
  });
});

describe('what is no protocol', () => {
  test.each([
    ['*abc\r\n', 'invalid multibulk length'],
    ['*2147483648\r\n', 'invalid multibulk length'],
    ['*+3\r\n', 'invalid multibulk length'],
    ['*03\r\n', 'invalid multibulk length'],
    ['*1\r\n+OK\r\n', "expected '$', got '+'"],
    ['*1\r\n$-1\r\n', 'invalid bulk length'],
    ['*1\r\n$x\r\n', 'invalid bulk length'],
    ['*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$629145600\r\n', 'invalid bulk length'],
    ['*1\r\n$99999999999999999999\r\n', 'invalid bulk length'],
    ['set "a\r\n', 'unbalanced quotes in request'],
    ["set 'a'b\r\n", 'unbalanced quotes in request'],
    [`*${'1'.repeat(70_000)}`, 'too big mbulk count string'],
    [`*1\r\n$${'1'.repeat(70_000)}`, 'too big bulk count string'],
    ['x'.repeat(70_000), 'too big inline request'],
  ])('%j is refused in the words of Redis', (wire, text) => {
    expect(parse([Buffer.from(wire)]).error).toBe(error(text));
    expect(parse([...Buffer.from(wire)].slice(0, 100).map(byte => Buffer.from([byte]))).commands).toEqual([]);
  });

  test('after an error nothing more comes out', () => {
    expect(parse([Buffer.from('PING\r\n*x\r\nPING\r\n'), Buffer.from('PING\r\n')]).commands).toEqual([['PING']]);
  });

  test('before authentication commands are small', () => {
    const parts = (wire: string) =>
      parse([Buffer.from(wire)], parser => {
        parser.authenticated = false;
      });
    expect(parts('*11\r\n').error).toBe(error('unauthenticated multibulk length'));
    expect(parts('*2\r\n$4\r\nAUTH\r\n$16385\r\n').error).toBe(error('unauthenticated bulk length'));
    expect(parts('*2\r\n$4\r\nAUTH\r\n$3\r\nabc\r\n').commands).toEqual([['AUTH', 'abc']]);
  });

  test('any bytes leave the parser in order', () => {
    const interesting = fc.constantFrom(
      '*',
      '$',
      '\r\n',
      '\n',
      '\r',
      '0',
      '1',
      '-1',
      '2147483647',
      '"',
      "'",
      '\\',
      ' ',
      '\0',
      'GET',
      '*1\r\n',
      '$3\r\n',
    );
    const garbage = fc.array(fc.oneof(interesting, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 60 });
    fc.assert(
      fc.property(garbage, fc.nat({ max: 50 }), (pieces, size) => {
        const bytes = Buffer.from(pieces.join(''), 'latin1');
        const parts: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size + 1) parts.push(bytes.subarray(at, at + size + 1));
        expect(parse(parts)).toEqual(parse([bytes]));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('memory', () => {
  test('grows with bytes that came, not with lengths that were promised', () => {
    const parser = new RequestParser(MAX_BULK);
    const before = process.memoryUsage().external + process.memoryUsage().arrayBuffers;
    const header = Buffer.from('*2147483647\r\n$536870912\r\n');
    parser.feed(header, header.length);
    expect(parser.next()).toBe(false);
    parser.keepRest();
    expect(parser.pendingBytes).toBe(header.length);
    expect(process.memoryUsage().external + process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });

  test('a large argument in many reads is put together once, and let go after its command', () => {
    const value = Buffer.alloc(5_000_000, 'v');
    const wire = encode(['SET', 'k', value]);
    const parser = new RequestParser(MAX_BULK);
    let found = 0;
    for (let at = 0; at < wire.length; at += 65536) {
      const part = wire.subarray(at, at + 65536);
      parser.feed(part, part.length);
      while (parser.next()) {
        found++;
        expect(parser.bytes.subarray(parser.at[4], parser.at[5]).equals(value)).toBe(true);
        expect(parser.bytes.length).toBeLessThan(2 * wire.length);
      }
      parser.keepRest();
    }
    expect(found).toBe(1);
    expect(parser.pendingBytes).toBe(0);
    expect(parser.bytes.length).toBe(0);
  });

  test('a hundred thousand arguments in small reads take time in proportion to their number', () => {
    const wire = encode(Array.from({ length: 100_000 }, (_, i) => String(i)));
    const parts = Array.from({ length: Math.ceil(wire.length / 500) }, (_, i) => wire.subarray(500 * i, 500 * i + 500));
    const { commands } = parse(parts);
    expect(commands).toHaveLength(1);
    expect(commands[0]).toHaveLength(100_000);
    expect(commands[0]!.at(-1)).toBe('99999');
  });
});

describe('the words of an inline command', () => {
  const words = (line: string): string[] | undefined =>
    splitWords(Buffer.from(line, 'latin1'))?.map(word => word.toString('latin1'));

  test.each([
    ['', []],
    ['  a \t b  ', ['a', 'b']],
    ['"a b" c', ['a b', 'c']],
    ['"\\n\\r\\t\\b\\a\\x41\\q\\""', ['\n\r\t\b\x07Aq"']],
    ["'a\\'b\\n'", ["a'b\\n"]],
    ['a"b c"', ['ab c']],
    ['""', ['']],
    ['"a"b', undefined],
    ['"a', undefined],
    ["'a", undefined],
    ['"a\\', undefined],
  ])('%j', (line, expected) => {
    expect(words(line)).toEqual(expected);
  });
});
