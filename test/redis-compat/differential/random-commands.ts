/**
 * Random commands over a few keys, so that they meet. Arguments are mostly sensible, now and then not.
 */
import fc from 'fast-check';
import type { Command } from '../../support/raw-client.ts';

type Argument = fc.Arbitrary<string>;

const key: Argument = fc.constantFrom('k', 'l', 'm', '');
const integer: Argument = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -20, max: 20 }).map(String) },
  { weight: 2, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'a',
      '1.5',
      '01',
      '9223372036854775808',
      '9223372036854775807',
      '-9223372036854775808',
      '9007199254740993',
    ),
  },
);
const float: Argument = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.integer({ min: -999, max: 999 }), fc.nat(9999)).map(([a, b]) => `${a}.${b}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '1e10',
      '-2.5e-3',
      'inf',
      'nan',
      '0x1p3',
      '3.',
      '.5',
      '1e400',
      '1e4000',
      '9007199254740993.5',
    ),
  },
  { weight: 1, arbitrary: integer },
);
const value: Argument = fc.oneof(
  { weight: 3, arbitrary: integer },
  { weight: 1, arbitrary: float },
  { weight: 3, arbitrary: fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\0', '\xff', '1'), maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom('x'.repeat(44), 'x'.repeat(45), '\xff'.repeat(20), '\0'.repeat(9)) },
);
/** Offsets small enough that no string grows large. */
const offset: Argument = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -2, max: 70 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('a', '4294967296', '9223372036854775807', '-9223372036854775808') },
);
const bit: Argument = fc.constantFrom('0', '1', '0', '1', '2');
const unit: Argument = fc.constantFrom('BIT', 'BYTE', 'bit', 'FOO');
/**
 * Expiries far from now on either side, so that the moment of the test does not matter; and seldom two alike, because GT and
 * LT of the same distance depend on the millisecond.
 */
const seconds: Argument = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1000, max: 9_000_000 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('0', '-1', 'a', '9223372036854775807', '9223372036854775') },
);
const milliseconds: Argument = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1_000_000, max: 2_000_000_000 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom('0', '-1', '', '9223372036854775807') },
);
const unixSeconds: Argument = fc.constantFrom('33177117420', '33177117421', '1', '0', '-5', '9223372036854775807');
const unixMilliseconds: Argument = fc.constantFrom('33177117420123', '33177117420500', '1', '0', '9223372036854775807');
const expiry: fc.Arbitrary<string[]> = fc.oneof(
  fc.tuple(fc.constant('EX'), seconds),
  fc.tuple(fc.constant('px'), milliseconds),
  fc.tuple(fc.constant('EXAT'), unixSeconds),
  fc.tuple(fc.constant('PXAT'), unixMilliseconds),
);
/** One of these words, as a list of one. */
const word = (...words: string[]): fc.Arbitrary<string[]> => fc.constantFrom(...words).map(it => [it]);
const setOption: fc.Arbitrary<string[]> = fc.oneof(expiry, word('NX', 'XX', 'GET', 'KEEPTTL', 'FOO'));
const condition: Argument = fc.constantFrom('NX', 'XX', 'GT', 'LT', 'FOO');
const fieldType: Argument = fc.oneof(
  fc.tuple(fc.constantFrom('u', 'i'), fc.integer({ min: 1, max: 63 })).map(([sign, bits]) => sign + bits),
  fc.constantFrom('i64', 'u64', 'u0', 'i65', 'x8', ''),
);
const fieldOffset: Argument = fc.oneof(
  offset,
  fc.nat(5).map(n => `#${n}`),
  fc.constantFrom('#', '#a', '#-1'),
);
const fieldOperation: fc.Arbitrary<string[]> = fc.oneof(
  fc.tuple(fc.constantFrom('GET'), fieldType, fieldOffset),
  fc.tuple(fc.constantFrom('SET', 'INCRBY', 'incrby'), fieldType, fieldOffset, integer),
  fc.tuple(fc.constant('OVERFLOW'), fc.constantFrom('WRAP', 'SAT', 'FAIL', 'sat', 'FOO')),
);

/** Members of sets. */
const member: Argument = fc.oneof(fc.nat(9).map(String), fc.constantFrom('', 'a', 'b', '\0', '01'));

const many = (item: fc.Arbitrary<string[]>, maxLength: number): fc.Arbitrary<string[]> =>
  fc.array(item, { maxLength }).map(items => items.flat());
const some = (item: Argument, minLength: number, maxLength: number): fc.Arbitrary<string[]> =>
  fc.array(item, { minLength, maxLength });

/** A command of this name with these arguments; an argument may be several words. */
const call = (name: string, ...parts: (Argument | fc.Arbitrary<string[]>)[]): fc.Arbitrary<Command> =>
  fc.tuple(...parts).map(values => [name, ...values.flat()]);

const commands: readonly fc.Arbitrary<Command>[] = [
  call('SET', key, value),
  call('SET', key, value, many(setOption, 3)),
  call('GET', key),
  call('SETNX', key, value),
  call('SETEX', key, seconds, value),
  call('PSETEX', key, milliseconds, value),
  call('GETSET', key, value),
  call('GETDEL', key),
  call('GETEX', key, many(fc.oneof(expiry, word('PERSIST', 'FOO')), 2)),
  call('MGET', some(key, 1, 3)),
  call('MSET', some(value, 1, 4)),
  call('MSET', many(fc.tuple(key, value), 3)),
  call('MSETNX', many(fc.tuple(key, value), 2)),
  call('APPEND', key, value),
  call('STRLEN', key),
  call('SETRANGE', key, offset, value),
  call('GETRANGE', key, integer, integer),
  call('SUBSTR', key, offset, offset),
  call('INCR', key),
  call('DECR', key),
  call('INCRBY', key, integer),
  call('DECRBY', key, integer),
  call('INCRBYFLOAT', key, float),
  call('LCS', key, key, some(fc.constantFrom('LEN', 'IDX', 'WITHMATCHLEN', 'FOO'), 0, 2)),
  call('LCS', key, key, fc.constant('IDX'), fc.constant('MINMATCHLEN'), integer),
  call('SETBIT', key, offset, bit),
  call('GETBIT', key, offset),
  call('BITCOUNT', key, some(offset, 0, 2), some(unit, 0, 1)),
  call('BITPOS', key, bit, some(offset, 0, 2), some(unit, 0, 1)),
  call('BITOP', fc.constantFrom('AND', 'OR', 'xor', 'NOT', 'FOO'), key, some(key, 1, 3)),
  call('BITFIELD', key, many(fieldOperation, 4)),
  call('BITFIELD_RO', key, many(fieldOperation, 2)),
  call('SADD', key, some(member, 1, 4)),
  call('SREM', key, some(member, 1, 3)),
  call('SMEMBERS', key),
  call('SCARD', key),
  call('SISMEMBER', key, member),
  call('SMISMEMBER', key, some(member, 1, 3)),
  call('SPOP', key, fc.constant('1000')),
  call('SRANDMEMBER', key, fc.constantFrom('1000', '0', 'a', '-9223372036854775808')),
  call('DEL', some(key, 1, 3)),
  call('UNLINK', key),
  call('EXISTS', some(key, 1, 3)),
  call('TYPE', key),
  call('EXPIRE', key, seconds, some(condition, 0, 2)),
  call('PEXPIRE', key, milliseconds, some(condition, 0, 1)),
  call('EXPIREAT', key, unixSeconds, some(condition, 0, 1)),
  call('PEXPIREAT', key, unixMilliseconds, some(condition, 0, 2)),
  call('TTL', key),
  call('PTTL', key),
  call('EXPIRETIME', key),
  call('PEXPIRETIME', key),
  call('PERSIST', key),
  call('KEYS', fc.constantFrom('*', 'k*', '?', '[k-l]', '[^k]', '', '**')),
  call('SCAN', fc.constantFrom('0', ''), fc.constant('COUNT'), fc.constant('1000')),
  call('RENAME', key, key),
  call('RENAMENX', key, key),
  call('COPY', key, key, some(fc.constantFrom('REPLACE', 'DB', '1', 'FOO'), 0, 3)),
  call('MOVE', key, fc.constantFrom('0', '1', '16', 'a')),
  call('SELECT', fc.constantFrom('0', '0', '1', '16')),
  call('SWAPDB', fc.constantFrom('0', '1'), fc.constantFrom('0', '1', '16', 'a')),
  // Not DBSIZE: it counts expired keys until somebody meets them, and who does is up to each server.
  call('FLUSHDB'),
  call('OBJECT', fc.constant('ENCODING'), key),
];

/** Any one command. */
export const anyCommand: fc.Arbitrary<Command> = fc.oneof(...commands);

/** Offsets around the sizes at which a long string is stored in another way. */
const farOffset: Argument = fc
  .tuple(fc.constantFrom(0, 16_384, 32_768, 65_536, 81_920, 131_072), fc.integer({ min: -3, max: 3 }))
  .map(([near, by]) => String(Math.max(near + by, 0)));
const farBit: Argument = fc.tuple(farOffset, fc.nat(7)).map(([byte, bit]) => String(Number(byte) * 8 + bit));
const longValue: Argument = fc
  .tuple(fc.constantFrom('a', '\xff', '\0', 'ab'), fc.constantFrom(1, 100, 8000, 16_384, 33_000, 65_535))
  .map(([unit, count]) => unit.repeat(count));
const endOffset: Argument = fc.oneof(farOffset, fc.constantFrom('-1', '-20000', '-70000'));

const longStringCommands: readonly fc.Arbitrary<Command>[] = [
  call('SET', key, longValue),
  call('SET', key, longValue, fc.constant('EX'), fc.constant('5000')),
  call('APPEND', key, longValue),
  call('SETRANGE', key, farOffset, longValue),
  call('SETRANGE', key, farOffset, value),
  call('GETRANGE', key, endOffset, endOffset),
  call('STRLEN', key),
  call('GET', key),
  call('SETBIT', key, farBit, bit),
  call('GETBIT', key, farBit),
  call('BITCOUNT', key),
  call('BITCOUNT', key, farBit, farBit, fc.constant('BIT')),
  call('BITPOS', key, bit),
  call('BITPOS', key, bit, farOffset),
  call('BITPOS', key, bit, farBit, farBit, fc.constant('BIT')),
  call('BITFIELD', key, many(fc.tuple(fc.constantFrom('SET', 'INCRBY'), fieldType, farBit, integer), 3)),
  call('BITFIELD', key, many(fc.tuple(fc.constant('GET'), fieldType, farBit), 3)),
  call('BITOP', fc.constantFrom('AND', 'OR', 'NOT'), key, some(key, 1, 1)),
  call(
    'COPY',
    key,
    key,
    fc.constantFrom([], ['REPLACE'], ['DB', '1', 'REPLACE']).map(it => [...it]),
  ),
  call('RENAME', key, key),
  call('MOVE', key, fc.constantFrom('0', '1')),
  call('SELECT', fc.constantFrom('0', '0', '1')),
  call('DEL', key),
  call('INCR', key),
  call('GETSET', key, value),
  call('GETDEL', key),
  call('EXPIRE', key, seconds),
  call('TTL', key),
  call('OBJECT', fc.constant('ENCODING'), key),
];

/** A script that makes strings long and changes them here and there. */
export const longStringScript: fc.Arbitrary<Command[]> = fc.array(fc.oneof(...longStringCommands), {
  minLength: 1,
  maxLength: 25,
  size: 'max',
});

/** A script of random commands; when it fails, fast-check leaves out what does not matter. */
export const anyScript: fc.Arbitrary<Command[]> = fc.array(anyCommand, { minLength: 1, maxLength: 40, size: 'max' });
