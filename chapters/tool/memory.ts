/**
 * What the last local proof found good: a hash for each check that passed, in `.proof/` (never committed).
 *
 * A check's hash covers all that it reads: the target's files, the tests, and the program itself. So a check whose hash is known need
 * not run again, and nothing is ever taken for proven that changed since.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export class ProofMemory {
  readonly #file: string;
  readonly #known: Set<string>;
  readonly #passed = new Set<string>();
  /** Was nothing recorded yet? */
  readonly empty: boolean;

  constructor(root: string) {
    this.#file = join(root, '.proof', 'passed.json');
    this.#known = new Set(existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, 'utf8')) as string[]) : []);
    this.empty = this.#known.size === 0;
  }

  knows(hash: string): boolean {
    return this.#known.has(hash);
  }

  pass(hash: string): void {
    this.#passed.add(hash);
  }

  /** Keep what passed now; after a full proof nothing else. */
  save(full: boolean): void {
    const all = full ? this.#passed : new Set([...this.#known, ...this.#passed]);
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(`${this.#file}.new`, JSON.stringify([...all].slice(-MOST)));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

const MOST = 5000;

/** A hash of these parts. */
export function hashAll(parts: Iterable<string>): string {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(`${part.length}:`).update(part);
  return sum.digest('hex').slice(0, 24);
}

/** The files of a chapter that its checkpoint may read, as one hash. */
export function hashFolder(dir: string, filter: (path: string) => boolean): string {
  return hashAll(
    filesBelow(dir)
      .filter(filter)
      .flatMap(path => [path, readFileSync(join(dir, path), 'utf8')]),
  );
}

function filesBelow(dir: string, below = ''): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .sort()
    .flatMap(name => {
      const path = below === '' ? name : `${below}/${name}`;
      return statSync(join(dir, name)).isDirectory() ? filesBelow(join(dir, name), path) : [path];
    });
}

/** The program that proves, as one hash: a changed rule proves everything anew. */
export function hashOfProgram(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return hashAll([process.version, hashFolder(here, path => path.endsWith('.ts') && !path.startsWith('learner/'))]);
}
