/**
 * Child processes that use the engine. A process that has to load a compiler first starts slowly, and tests that kill
 * processes start many: so the engine and the programs in test/support/children are compiled once per test file, by
 * erasing their types, and the children run plain JavaScript.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { temporaryDirectory } from './temporary-directory.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let compiled: string | undefined;

/** Start the program test/support/children/NAME.ts. `under` is a program, with its arguments, that starts it. */
export function startChild(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  under: readonly string[] = [],
): ChildProcess {
  const path = join(compiledTree(), 'test/support/children', `${name}.js`);
  const [program, ...programArgs] = [...under, process.execPath, path, ...args];
  return spawn(program!, programArgs, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** How a child ended, and all it has said until then. */
export interface ChildEnd {
  readonly output: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Wait until a child ends. `onOutput` is told all it has said so far, whenever it says more. */
export function childEnd(child: ChildProcess, onOutput: (output: string) => void = () => {}): Promise<ChildEnd> {
  let output = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    onOutput(output);
  });
  return new Promise(resolve => child.on('close', (code, signal) => resolve({ output, code, signal })));
}

/** Wait until a child has said something. */
export function firstOutput(child: ChildProcess): Promise<string> {
  return new Promise(resolve => child.stdout!.once('data', data => resolve(String(data))));
}

function compiledTree(): string {
  compiled ??= compileTree();
  return compiled;
}

function compileTree(): string {
  const target = temporaryDirectory('compiled');
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
  for (const folder of ['engine/src', 'test/support/children', 'test/support/fault-house']) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (file.endsWith('.ts')) compileFile(join(root, folder, file), target);
    }
  }
  for (const file of ['fault-file-system.ts', 'crash-workloads.ts', 'numbered-changes.ts'])
    compileFile(join(root, 'test/support', file), target);
  return target;
}

function compileFile(path: string, target: string): void {
  const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  const to = join(target, relative(root, path)).replace(/\.ts$/, '.js');
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, outputText.replace(/(from ')(\.[^']+)\.ts'/g, "$1$2.js'"));
}
