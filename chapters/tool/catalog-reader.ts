/**
 * The JSON of the course, checked value by value, so that a mistake is reported with its file and key, and all mistakes at once.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Both, Carried, Hint, Mutant, Prediction, Write } from './catalog.ts';

/** An object of JSON. */
export type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** The value, if it is a list of strings. */
export const stringList = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.every(item => typeof item === 'string') ? value : undefined;

/** The object in a file. Without the file it is empty; a chapter needs its own. */
export function readJson(file: string, place: string, problems: string[]): Json | undefined {
  if (!existsSync(file)) return place.endsWith('chapter.json') ? undefined : {};
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isObject(json)) return json;
    problems.push(`${place}: expected an object`);
  } catch (error) {
    problems.push(`${place}: ${(error as Error).message}`);
  }
  return undefined;
}

/** Reads one JSON object; whatever is not as expected goes to `problems`, with file and key. */
export class Reader {
  readonly json: Json;
  readonly place: string;
  readonly problems: string[];

  constructor(json: Json | undefined, place: string, problems: string[]) {
    this.json = json ?? {};
    this.place = place;
    this.problems = problems;
  }

  fail(key: string, expected: string): void {
    this.problems.push(`${this.place}: "${key}": expected ${expected}`);
  }

  onlyKeys(known: readonly string[]): void {
    for (const key of Object.keys(this.json)) if (!known.includes(key)) this.fail(key, `one of ${known.join(', ')}`);
  }

  track(): 'A' | 'B' {
    const track = this.json['track'];
    if (track === 'A' || track === 'B') return track;
    this.fail('track', '"A" or "B"');
    return 'A';
  }

  number(key: string): number {
    const value = this.json[key];
    if (typeof value === 'number') return value;
    this.fail(key, 'a number');
    return 0;
  }

  strings(key: string): readonly string[] {
    const value = this.json[key] === undefined ? [] : stringList(this.json[key]);
    if (value === undefined) this.fail(key, 'a list of strings');
    return value ?? [];
  }

  both<T>(key: string, part: (value: unknown) => T | undefined, fallback: T): Both<T> {
    const value = this.json[key];
    const en = isObject(value) ? part(value['en']) : undefined;
    const zh = isObject(value) ? part(value['zh']) : undefined;
    if (en === undefined || zh === undefined) this.fail(key, '{"en": ..., "zh": ...}');
    return { en: en ?? fallback, zh: zh ?? fallback };
  }

  writes(key: string): Map<string, Write> {
    const value = this.json[key] ?? {};
    if (!isObject(value)) this.fail(key, 'an object of paths');
    return this.writesOf(isObject(value) ? value : {}, `${key}.`);
  }

  writesAtTop(): Map<string, Write> {
    return this.writesOf(this.json, '');
  }

  writesOf(value: Json, prefix: string): Map<string, Write> {
    const out = new Map<string, Write>();
    for (const [path, write] of Object.entries(value)) {
      const symbols = stringList(write);
      if (!isCodePath(path))
        this.fail(`${prefix}${path}`, 'a path under engine/src, redis-compat/src or sketch that ends in .ts');
      else if (write === 'new') out.set(path, 'new');
      else if (symbols !== undefined && symbols.length > 0) out.set(path, symbols);
      else this.fail(`${prefix}${path}`, '"new" or a list of symbols');
    }
    return out;
  }

  contract(): Map<string, readonly string[]> {
    const value = this.json['contract'] ?? {};
    const out = new Map<string, readonly string[]>();
    for (const [path, names] of Object.entries(isObject(value) ? value : {})) {
      const list = stringList(names);
      if (list === undefined) this.fail(`contract.${path}`, 'a list of names');
      else out.set(path, list);
    }
    return out;
  }

  list<T>(key: string, item: (value: Json, at: string) => T | undefined): T[] {
    const value = this.json[key] ?? [];
    if (!Array.isArray(value)) this.fail(key, 'a list');
    const out: T[] = [];
    for (const [index, entry] of (Array.isArray(value) ? value : []).entries()) {
      const made = isObject(entry) ? item(entry, `${this.place}: "${key}[${index}]"`) : undefined;
      if (!isObject(entry)) this.fail(`${key}[${index}]`, 'an object');
      if (made !== undefined) out.push(made);
    }
    return out;
  }

  carried(): Carried {
    const part = (key: string): Json => (isObject(this.json[key]) ? (this.json[key] as Json) : {});
    return { holds: part('holds') as Carried['holds'], successors: part('successors') as Carried['successors'] };
  }
}

function texts(value: unknown): Both<string> | undefined {
  if (!isObject(value) || typeof value['en'] !== 'string' || typeof value['zh'] !== 'string') return undefined;
  return { en: value['en'], zh: value['zh'] };
}

/** One entry of `hints`. */
export function hint(value: Json, at: string, problems: string[]): Hint | undefined {
  const levels = isObject(value['levels']) ? value['levels'] : {};
  const en = stringList(levels['en']);
  const zh = stringList(levels['zh']);
  if (typeof value['section'] === 'string' && en?.length === 3 && zh?.length === 3) {
    return { section: value['section'], levels: { en, zh } };
  }
  problems.push(`${at}: expected {"section": ..., "levels": {"en": [nudge, idea, shape], "zh": [...]}}`);
  return undefined;
}

/** One entry of `predictions`. */
export function prediction(value: Json, at: string, problems: string[]): Prediction | undefined {
  const question = texts(value['question']);
  const answer = texts(value['answer']);
  if (typeof value['id'] === 'string' && question !== undefined && answer !== undefined) {
    return { id: value['id'], question, answer };
  }
  problems.push(`${at}: expected {"id": ..., "question": {"en", "zh"}, "answer": {"en", "zh"}}`);
  return undefined;
}

/** One entry of `mutants`. */
export function mutant(value: Json, at: string, problems: string[]): Mutant | undefined {
  const text = (key: string): string | undefined =>
    typeof value[key] === 'string' ? (value[key] as string) : undefined;
  const [name, file, replace, caughtBy] = [text('name'), text('file'), text('replace'), text('caughtBy')];
  const replacement = text('with');
  if (name && file && replace && caughtBy && replacement !== undefined) {
    return { name, file, replace, with: replacement, caughtBy };
  }
  problems.push(`${at}: expected the texts "name", "file", "replace", "with" and "caughtBy"`);
  return undefined;
}

function isCodePath(path: string): boolean {
  return /^(engine\/src|redis-compat\/src|sketch)\/.+\.ts$/.test(path) && !path.includes('..') && !path.includes('\\');
}
