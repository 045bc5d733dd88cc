import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDouble } from '../../../redis-compat/src/protocol/double-format.ts';
import { type ProtocolVersion, ReplyWriter } from '../../../redis-compat/src/protocol/reply-writer.ts';

function written(protocol: ProtocolVersion, write: (reply: ReplyWriter) => void): string {
  const writer = new ReplyWriter();
  writer.begin(protocol);
  write(writer);
  const chunks: Buffer[] = [];
  writer.finish(chunks);
  return Buffer.concat(chunks).toString('latin1');
}

describe('each type of reply in RESP2 and RESP3', () => {
  const cases: readonly [string, (reply: ReplyWriter) => void, string, string][] = [
    ['status', reply => reply.simple('PONG'), '+PONG\r\n', '+PONG\r\n'],
    ['ok', reply => reply.ok(), '+OK\r\n', '+OK\r\n'],
    ['error', reply => reply.error('ERR a\r\nb'), '-ERR a  b\r\n', '-ERR a  b\r\n'],
    ['integer', reply => reply.integer(-1234567), ':-1234567\r\n', ':-1234567\r\n'],
    ['large integer', reply => reply.integer(2 ** 40), ':1099511627776\r\n', ':1099511627776\r\n'],
    ['64-bit integer', reply => reply.integer(2n ** 63n - 1n), ':9223372036854775807\r\n', ':9223372036854775807\r\n'],
    ['bulk', reply => reply.bulk(Buffer.from('xabcx'), 1, 4), '$3\r\nabc\r\n', '$3\r\nabc\r\n'],
    ['empty bulk', reply => reply.bulk(Buffer.alloc(0)), '$0\r\n\r\n', '$0\r\n\r\n'],
    ['text', reply => reply.bulkString('é'), '$2\r\n\xc3\xa9\r\n', '$2\r\n\xc3\xa9\r\n'],
    ['key', reply => reply.bulkLatin1('\xff\0'), '$2\r\n\xff\0\r\n', '$2\r\n\xff\0\r\n'],
    ['null', reply => reply.null(), '$-1\r\n', '_\r\n'],
    ['null array', reply => reply.nullArray(), '*-1\r\n', '_\r\n'],
    ['array', reply => reply.array(2), '*2\r\n', '*2\r\n'],
    ['map', reply => reply.map(2), '*4\r\n', '%2\r\n'],
    ['set', reply => reply.set(2), '*2\r\n', '~2\r\n'],
    ['push', reply => reply.push(2), '*2\r\n', '>2\r\n'],
    ['double', reply => reply.double(1.5), '$3\r\n1.5\r\n', ',1.5\r\n'],
    ['true', reply => reply.boolean(true), ':1\r\n', '#t\r\n'],
    ['false', reply => reply.boolean(false), ':0\r\n', '#f\r\n'],
    ['verbatim', reply => reply.verbatim('txt', 'é'), '$2\r\n\xc3\xa9\r\n', '=6\r\ntxt:\xc3\xa9\r\n'],
  ];
  test.each(cases)('%s', (_, write, resp2, resp3) => {
    expect(written(2, write)).toBe(resp2);
    expect(written(3, write)).toBe(resp3);
  });
});

test('integers are printed as Number prints them', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), value => {
      expect(written(2, reply => reply.integer(value))).toBe(`:${value}\r\n`);
    }),
  );
});

test.each([
  [0.1, '0.1'],
  [-0, '-0'],
  [3, '3'],
  [-1e15, '-1000000000000000'],
  [2 ** 62, '4611686018427387904'],
  [1e19, '1e+19'],
  [1.5e-7, '1.5e-7'],
  [0.00015, '0.00015'],
  [123456.789, '123456.789'],
  [5e-324, '5e-324'],
  [1.7976931348623157e308, '1.7976931348623157e+308'],
  [Number.POSITIVE_INFINITY, 'inf'],
  [Number.NEGATIVE_INFINITY, '-inf'],
  [Number.NaN, 'nan'],
])('the double %d is printed as %s', (value, text) => {
  expect(formatDouble(value)).toBe(text);
});

describe('replies of unknown length', () => {
  test('an array gets its count at the end, also when they nest', () => {
    const text = written(2, reply => {
      reply.simple('before');
      const outer = reply.beginArray();
      reply.integer(1);
      const inner = reply.beginArray();
      reply.integer(2);
      reply.integer(3);
      reply.endArray(inner, 2);
      reply.endArray(outer, 2);
      reply.simple('after');
    });
    expect(text).toBe('+before\r\n*2\r\n:1\r\n*2\r\n:2\r\n:3\r\n+after\r\n');
  });

  test('they may outgrow the arena', () => {
    const value = Buffer.alloc(100_000, 'v');
    const text = written(3, reply => {
      const map = reply.beginArray();
      for (let i = 0; i < 10; i++) reply.bulk(value);
      reply.endArray(map, 5, 'map');
      reply.ok();
    });
    expect(text).toBe(`%5\r\n${`$100000\r\n${value}\r\n`.repeat(10)}+OK\r\n`);
  });
});

test('what was written after a mark can be taken back, wherever chunks end', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(sizes, sizes, (kept, dropped) => {
      const text = written(2, reply => {
        for (const size of kept) reply.bulk(Buffer.alloc(size, 'k'));
        const mark = reply.mark();
        for (const size of dropped) reply.bulk(Buffer.alloc(size, 'd'));
        reply.rewind(mark);
        expect(reply.mark()).toBe(mark);
        reply.ok();
      });
      expect(text).toBe(`${kept.map(size => `$${size}\r\n${'k'.repeat(size)}\r\n`).join('')}+OK\r\n`);
    }),
    { numRuns: 50 },
  );
});

test('replies of several clients lie side by side in the arena until it is reused', () => {
  const writer = new ReplyWriter();
  const chunks: Buffer[][] = [];
  for (let client = 0; client < 100; client++) {
    const own: Buffer[] = [];
    writer.begin(2);
    writer.bulkString(`client ${client}`.padEnd(10_000, '.'));
    writer.finish(own);
    chunks.push(own);
  }
  for (const [client, own] of chunks.entries()) {
    expect(Buffer.concat(own).toString()).toBe(`$10000\r\n${`client ${client}`.padEnd(10_000, '.')}\r\n`);
  }
  writer.reuse();
  expect(writer.used).toBe(0);
});
