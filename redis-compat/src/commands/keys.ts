/**
 * Which arguments of a command are keys: computed from the key specifications of its table entry, as COMMAND GETKEYS and
 * (later) ACLs and cold reads need them. Source: `getKeysUsingKeySpecs` of Redis 7.2.
 */
import type { Command } from './registry.ts';
import type { KeyFlag, KeySpec, Offsets } from './table.ts';

/** A key among the arguments, and what the command does with it. */
export interface KeyPosition {
  readonly index: number;
  readonly flags: readonly KeyFlag[];
}

/** The keys of one command, or undefined when the arguments do not fit its specification. */
export function keyPositions(command: Command, bytes: Buffer, at: Offsets, argc: number): KeyPosition[] | undefined {
  if (command.spec.findKeys !== undefined) {
    const flags = command.spec.keys?.[0]?.flags ?? [];
    return command.spec.findKeys(bytes, at, argc).map(index => ({ index, flags }));
  }
  const found: KeyPosition[] = [];
  for (const spec of command.spec.keys ?? []) {
    if (spec.flags.includes('not_key')) continue;
    const first = findBegin(spec, bytes, at, argc);
    if (first === undefined) continue;
    const range = spec.counted === undefined ? fixedRange(spec, first, argc) : countedRange(spec, first, bytes, at);
    if (range === undefined || range.last >= argc || range.first > range.last) return undefined;
    for (let index = range.first; index <= range.last; index += range.step) found.push({ index, flags: spec.flags });
  }
  return found;
}

/** Keys as older clients know them: every argument from first to last, `step` apart; all 0 when there are none such. */
export interface LegacyRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  /** Are there keys that the range does not tell? */
  readonly isPartial: boolean;
}

/** The specifications of a command in one range, as far as that goes. */
export function legacyRange(keys: readonly KeySpec[]): LegacyRange {
  if (keys.length === 1 && isPlainRange(keys[0]!)) {
    return { ...plainRange(keys[0]!), isPartial: keys[0]!.flags.includes('incomplete') };
  }
  const ranges = keys.filter(key => isPlainRange(key) && key.range!.step === 1).map(plainRange);
  if (ranges.length === 0) return { first: 0, last: 0, step: 0, isPartial: keys.length > 0 };
  const isJoined = ranges.every((range, i) => i === 0 || range.first === ranges[i - 1]!.last + 1);
  const isPartial = ranges.length < keys.length || !isJoined || keys.some(key => key.flags.includes('incomplete'));
  const last = ranges.some(range => range.last < 0) ? -1 : Math.max(...ranges.map(range => range.last));
  return { first: Math.min(...ranges.map(range => range.first)), last, step: 1, isPartial };
}

const isPlainRange = (key: KeySpec): boolean => typeof key.begin === 'number' && key.range !== undefined;

function plainRange(key: KeySpec): Range {
  const { last, step } = key.range!;
  const first = key.begin as number;
  return { first, last: last < 0 ? last : first + last, step };
}

interface Range {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

function findBegin(spec: KeySpec, bytes: Buffer, at: Offsets, argc: number): number | undefined {
  if (typeof spec.begin === 'number') return spec.begin;
  if (spec.begin === 'unknown') return undefined;
  const { keyword, from } = spec.begin;
  const step = from < 0 ? -1 : 1;
  for (let i = from < 0 ? argc + from : from; i > 0 && i < argc - 1; i += step) {
    if (bytes.toString('latin1', at[2 * i], at[2 * i + 1]).toUpperCase() === keyword) return i + 1;
  }
  return undefined;
}

function fixedRange(spec: KeySpec, first: number, argc: number): Range | undefined {
  if (spec.range === undefined) return undefined;
  const { last, step, limit } = spec.range;
  if (last >= 0) return { first, last: first + last, step };
  if (limit <= 1) return { first, last: argc + last, step };
  return { first, last: first + Math.floor((argc - first) / limit) + last, step };
}

function countedRange(spec: KeySpec, first: number, bytes: Buffer, at: Offsets): Range | undefined {
  const { at: countAt, first: firstKey, step } = spec.counted!;
  const index = first + countAt;
  const text = bytes.toString('latin1', at[2 * index], at[2 * index + 1]);
  if (!/^\d+$/.test(text) || Number(text) === 0) return undefined;
  return { first: first + firstKey, last: first + firstKey + (Number(text) - 1) * step, step };
}
