/**
 * The configuration: values of the parameters, their checks, and who hears of a change. CONFIG GET and SET, redis.conf and
 * the command line all end here, so that a value is judged in one place and in one wording, that of Redis 7.2.
 *
 * Invariants: (1) a value is always legal, and kept in the form in which CONFIG GET shows it;
 *             (2) `setAll` changes all it was given or nothing.
 */
import { PARAMETERS, type Parameter, parseMemory } from './config-parameters.ts';
import { globMatches } from './protocol/glob.ts';
import { parseInteger } from './protocol/numbers.ts';

/** A setting that cannot be: `parameter` is its name as given, the message why, in Redis's words. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError';
  readonly parameter: string;
  /** unknown: no such parameter; immutable: not while running; value: not this value. */
  readonly reason: 'unknown' | 'immutable' | 'value';

  constructor(parameter: string, reason: ConfigError['reason'], message: string) {
    super(message);
    this.parameter = parameter;
    this.reason = reason;
  }
}

/** One setting as it was given: the name in any case, and its words. */
export type Setting = readonly [name: string, words: readonly string[]];

/** Names in lower case, older ones included, to the name of the parameter. */
const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(PARAMETERS).flatMap(([name, { alias }]) =>
    alias === undefined
      ? [[name, name]]
      : [
          [name, name],
          [alias, name],
        ],
  ) as [string, string][],
);

/** The values of one server. */
export class Config {
  /** The file the server was started with, absolute, or ''. */
  file = '';
  /** `proto-max-bulk-len`, which commands ask for often. */
  protoMaxBulkLen = 0;
  readonly #values = new Map<string, string>();
  readonly #listeners = new Map<string, ((value: string) => void)[]>();

  constructor() {
    for (const [name, parameter] of Object.entries(PARAMETERS)) this.#values.set(name, parameter.default);
    this.watch('proto-max-bulk-len', value => {
      this.protoMaxBulkLen = Number(value);
    });
  }

  /** The value as CONFIG GET shows it. */
  text(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`no parameter ${name}`);
    return value;
  }

  /** The value of a parameter of kind integer, memory or octal. */
  number(name: string): number {
    return Number(this.text(name));
  }

  /** The value of a parameter of kind bool. */
  flag(name: string): boolean {
    return this.text(name) === 'yes';
  }

  /** Call `listener` now and after each change. */
  watch(name: string, listener: (value: string) => void): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) this.#listeners.set(name, [listener]);
    else listeners.push(listener);
    listener(this.text(name));
  }

  /** Values by the names that a pattern matches; a name without wildcards finds hidden parameters too. */
  find(patterns: readonly string[]): Map<string, string> {
    const found = new Map<string, string>();
    for (const pattern of patterns) {
      const lower = pattern.toLowerCase();
      const exact = /[[*?]/.test(pattern) ? undefined : NAMES.get(lower);
      if (exact !== undefined) found.set(lower, this.text(exact));
      else if (/[[*?]/.test(pattern)) this.#findMatches(Buffer.from(lower), found);
    }
    return found;
  }

  /** Before the server runs: immutable parameters may be set too. */
  load(settings: readonly Setting[]): void {
    this.#apply(settings.map(setting => resolve(setting)));
  }

  /** CONFIG SET: all or nothing. */
  setAll(settings: readonly Setting[]): void {
    const resolved = settings.map(setting => {
      const [name, value] = resolve(setting);
      const { immutable } = PARAMETERS[name]!;
      if (immutable === true || (immutable === 'here' && value !== this.text(name))) {
        throw new ConfigError(setting[0], 'immutable', "can't set immutable config");
      }
      return [name, value] as const;
    });
    const twice = resolved.findIndex(([name], i) => resolved.findIndex(other => other[0] === name) < i);
    if (twice >= 0) throw new ConfigError(settings[twice]![0], 'value', 'duplicate parameter');
    this.#apply(resolved);
  }

  /** Values that differ from the defaults, in the order of the table. */
  changed(): Map<string, string> {
    return new Map([...this.#values].filter(([name, value]) => value !== PARAMETERS[name]!.default));
  }

  #findMatches(pattern: Buffer, found: Map<string, string>): void {
    for (const [given, name] of NAMES) {
      const bytes = Buffer.from(given);
      if (!PARAMETERS[name]!.hidden && globMatches(pattern, bytes, 0, bytes.length, true))
        found.set(given, this.text(name));
    }
  }

  #apply(settings: readonly (readonly [string, string])[]): void {
    const before = settings.map(([name]) => [name, this.text(name)] as const);
    for (const [name, value] of settings) {
      this.#values.set(name, name === 'client-output-buffer-limit' ? mergeOutputLimits(this.text(name), value) : value);
    }
    for (const [name, old] of before) {
      const value = this.text(name);
      if (value !== old) for (const listener of this.#listeners.get(name) ?? []) listener(value);
    }
  }
}

/** The parameter's own name, and the value in the form in which it is kept. */
function resolve([given, words]: Setting): readonly [string, string] {
  const name = NAMES.get(given.toLowerCase());
  if (name === undefined) throw new ConfigError(given, 'unknown', 'no such parameter');
  const parameter = PARAMETERS[name]!;
  const value = words.join(' ');
  if (words.length !== 1 && parameter.kind !== 'words')
    throw new ConfigError(given, 'value', 'wrong number of arguments');
  const legal = normalize(name, parameter, value);
  if (typeof legal === 'string') return [name, legal];
  throw new ConfigError(name, 'value', legal.error);
}

/** A legal value in the form in which it is kept, or why it is none. */
function normalize(name: string, parameter: Parameter, value: string): string | { readonly error: string } {
  const error = parameter.check?.(value);
  if (error !== undefined) return { error };
  switch (parameter.kind) {
    case 'bool':
      if (!/^(yes|no)$/i.test(value)) return { error: "argument must be 'yes' or 'no'" };
      // The log is the storage: it cannot be turned off.
      return name === 'appendonly' ? 'yes' : value.toLowerCase();
    case 'enum':
      if (!parameter.values!.includes(value.toLowerCase())) return notOneOf(parameter.values!);
      return value.toLowerCase();
    case 'integer':
    case 'memory':
    case 'octal':
      return normalizeNumber(parameter, value);
    case 'words':
      if (parameter.values !== undefined && !value.split(' ').every(word => parameter.values!.includes(word))) {
        return notOneOf(parameter.values);
      }
      return value;
    case 'text':
      return value;
  }
}

const notOneOf = (values: readonly string[]): { readonly error: string } => ({
  error: `argument(s) must be one of the following: ${values.join(', ')}`,
});

function normalizeNumber(parameter: Parameter, value: string): string | { readonly error: string } {
  const number = parseNumber(parameter.kind, value);
  if (number === undefined) {
    if (parameter.kind === 'memory') return { error: 'argument must be a memory value' };
    if (parameter.kind === 'octal') return { error: "argument couldn't be parsed as an octal number" };
    return { error: "argument couldn't be parsed into an integer" };
  }
  if (number < parameter.min! || number > parameter.max!) {
    return { error: `argument must be between ${parameter.min} and ${parameter.max} inclusive` };
  }
  return String(number);
}

function parseNumber(kind: Parameter['kind'], value: string): number | undefined {
  if (kind === 'memory') return parseMemory(value);
  if (kind === 'octal') return /^[0-7]+$/.test(value) ? Number.parseInt(value, 8) : undefined;
  const bytes = Buffer.from(value);
  const number = parseInteger(bytes, 0, bytes.length);
  return number === undefined ? undefined : Number(number);
}

/** The limits of the classes named in `given`, those of the others as before. */
function mergeOutputLimits(before: string, given: string): string {
  const limits = new Map<string, string>();
  for (const value of [before, given]) {
    const parts = value.split(' ');
    for (let i = 0; i < parts.length; i += 4) {
      const kind = parts[i]!.toLowerCase().replace('replica', 'slave');
      limits.set(kind, `${parseMemory(parts[i + 1]!)} ${parseMemory(parts[i + 2]!)} ${parts[i + 3]}`);
    }
  }
  return [...limits].map(([kind, limit]) => `${kind} ${limit}`).join(' ');
}
