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

/** First, last and step as COMMAND INFO shows them; all 0 when there are no keys at fixed places. */
export function legacyRange(command: Command): { first: number; last: number; step: number } {
  const spec = command.spec.keys?.find(key => typeof key.begin === 'number' && key.range !== undefined);
  if (spec === undefined || typeof spec.begin !== 'number' || spec.range === undefined)
    return { first: 0, last: 0, step: 0 };
  const { last, step } = spec.range;
  return { first: spec.begin, last: last < 0 ? last : spec.begin + last, step };
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
