/**
 * Type-checking of snapshots, and of the folder after every step of a lesson, without a compiler process for each.
 *
 * All snapshots and their checkpoints are one program, so that the standard library and the types of vitest are read once. A step's state
 * is checked through a program that reuses the one before; only the file that changed and those that import it are looked at.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, posix, relative, sep } from 'node:path';
import ts from 'typescript';
import type { Chapter, Course } from './catalog.ts';
import type { Snapshot } from './compose.ts';
import { join as joinPieces } from './pieces.ts';
import type { Step } from './steps.ts';
import { writeFrame } from './targets.ts';

/** A snapshot laid out in `dir`, with the checkpoint that is checked against it. */
export interface View {
  readonly name: string;
  readonly dir: string;
  readonly chapter: Chapter | undefined;
}

/** Type errors by the name of the view, each with file and line. */
export function typecheckViews(course: Course, views: readonly View[]): Map<string, string[]> {
  const options = optionsOf(course.root);
  const host = ts.createCompilerHost(options);
  const tests = new Map<string, string>();
  const roots: string[] = [];
  for (const view of views) {
    roots.push(...sourcesOf(view.dir));
    for (const [virtual, real] of testFiles(view)) {
      tests.set(slashes(virtual), real);
      roots.push(virtual);
    }
  }
  redirect(host, file => tests.get(slashes(file)));
  const program = ts.createProgram(roots, options, host);
  const out = new Map<string, string[]>(views.map(view => [view.name, []]));
  for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
    const file = diagnostic.file?.fileName ?? '';
    const view = views.find(each => slashes(file).startsWith(`${slashes(each.dir)}/`)) ?? views[0];
    if (view !== undefined) out.get(view.name)?.push(describe(diagnostic, view.dir));
  }
  return out;
}

/** The tests of the chapter, as if they stood in the snapshot's folder. */
function testFiles(view: View): [string, string][] {
  const { chapter } = view;
  if (chapter === undefined || !existsSync(chapter.checkpoint)) return [];
  const files = readdirSync(dirname(chapter.checkpoint)).filter(name => name.endsWith('.ts'));
  return files.map(name => [join(view.dir, 'chapters', chapter.id, name), join(chapter.dir, name)]);
}

function redirect(host: ts.CompilerHost, real: (file: string) => string | undefined): void {
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = file => real(file) !== undefined || fileExists.call(host, file);
  host.readFile = file => readFile.call(host, real(file) ?? file);
  host.getSourceFile = (file, version, onError) => {
    const other = real(file);
    if (other === undefined) return getSourceFile.call(host, file, version, onError);
    return ts.createSourceFile(file, readFile.call(host, other) ?? '', version);
  };
}

/** Checks the state after each step of a chapter; one object serves a whole course. */
export class StepChecker {
  readonly #root: string;
  readonly #dir: string;
  readonly #options: ts.CompilerOptions;
  readonly #host: ts.CompilerHost;
  readonly #files = new Map<string, string>();
  readonly #parsed = new Map<string, { text: string; source: ts.SourceFile }>();
  #program: ts.Program | undefined;

  constructor(course: Course) {
    this.#root = course.root;
    this.#dir = join(course.root, '.views', 'steps');
    writeFrame(this.#root, this.#dir);
    this.#options = optionsOf(course.root);
    this.#host = ts.createCompilerHost(this.#options);
    this.#serveFiles();
  }

  /** Walk through the steps; after each group (the steps up to a heading) the folder has to type-check. */
  check(
    before: Snapshot,
    given: ReadonlyMap<string, string>,
    groups: readonly (readonly Step[])[],
    place: string,
  ): string[] {
    this.#files.clear();
    for (const [path, text] of [...before, ...given]) this.#files.set(path, text);
    this.#update();
    const out: string[] = [];
    for (const group of groups) {
      const changed = group.map(step => this.#apply(step));
      const program = this.#update();
      const last = group.at(-1);
      for (const problem of this.#problems(program, changed))
        out.push(`${place}:${last?.marker.line}: after this step the folder does not type-check: ${problem}`);
    }
    return out;
  }

  #apply(step: Step): string {
    if (step.after === undefined) this.#files.delete(step.path);
    else this.#files.set(step.path, joinPieces(step.after));
    return step.path;
  }

  #update(): ts.Program {
    const roots = [...this.#files.keys()].map(path => join(this.#dir, path));
    this.#program = ts.createProgram(roots, this.#options, this.#host, this.#program);
    return this.#program;
  }

  /** Problems of the changed files and of all that import them, directly or not. */
  #problems(program: ts.Program, changed: readonly string[]): string[] {
    const affected = new Set(changed);
    for (let more = true; more; ) {
      more = false;
      for (const [path, text] of this.#files) {
        if (affected.has(path) || !importsOf(path, text).some(target => affected.has(target))) continue;
        affected.add(path);
        more = true;
      }
    }
    const out: string[] = [];
    for (const path of affected) {
      const source = program.getSourceFile(slashes(join(this.#dir, path)));
      if (source === undefined) continue;
      for (const diagnostic of [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ]) {
        out.push(describe(diagnostic, this.#dir));
      }
    }
    return out;
  }

  #serveFiles(): void {
    const { fileExists, readFile, getSourceFile } = this.#host;
    const own = (file: string): string | undefined => this.#own(file);
    const inside = (file: string): boolean => IN_PACKAGES.test(this.#relative(file));
    this.#host.fileExists = file => (inside(file) ? own(file) !== undefined : fileExists.call(this.#host, file));
    // The folders exist in memory only.
    this.#host.directoryExists = dir => IN_PACKAGES.test(`${this.#relative(dir)}/`) || ts.sys.directoryExists(dir);
    // A file that was missing at the last step may be there now.
    this.#host.hasInvalidatedResolutions = file => inside(file);
    this.#host.readFile = file => (inside(file) ? own(file) : readFile.call(this.#host, file));
    this.#host.getSourceFile = (file, version, onError) => {
      const text = own(file);
      const known = this.#parsed.get(file);
      if (known !== undefined && (text === undefined || known.text === text) && (text !== undefined || !inside(file)))
        return known.source;
      const source =
        text === undefined
          ? getSourceFile.call(this.#host, file, version, onError)
          : ts.createSourceFile(file, text, version);
      if (source !== undefined) this.#parsed.set(file, { text: text ?? '', source });
      return source;
    };
  }

  #own(file: string): string | undefined {
    return this.#files.get(this.#relative(file));
  }

  #relative(file: string): string {
    return slashes(relative(this.#dir, file));
  }
}

const IN_PACKAGES = /^(engine|redis-compat)\/src\/|^sketch\//;

function importsOf(path: string, text: string): string[] {
  const out: string[] = [];
  for (const match of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
    const module = match[1] ?? '';
    if (module.startsWith('.')) out.push(posix.join(posix.dirname(path), module));
    else if (module.startsWith('#'))
      out.push(module.replace(/^#(engine|redis-compat)\//, '$1/src/').replace(/^#sketch\//, 'sketch/'));
    else if (module.startsWith('@zerocask/engine')) out.push('engine/src/index.ts');
  }
  return out;
}

function optionsOf(root: string): ts.CompilerOptions {
  const file = join(root, '.tsconfig.base.json');
  const json = existsSync(file)
    ? (ts.readConfigFile(file, ts.sys.readFile).config as { compilerOptions?: unknown })
    : {};
  const base = ts.convertCompilerOptionsFromJson(json.compilerOptions ?? FALLBACK, root).options;
  return {
    ...base,
    noEmit: true,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    isolatedDeclarations: false,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  };
}

const FALLBACK = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
};

function sourcesOf(dir: string): string[] {
  return ts.sys.readDirectory(
    dir,
    ['.ts'],
    ['**/node_modules/**'],
    ['engine/src', 'redis-compat/src', 'sketch'].map(folder => `${folder}/**/*`),
  );
}

function describe(diagnostic: ts.Diagnostic, dir: string): string {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ');
  if (diagnostic.file === undefined || diagnostic.start === undefined) return text;
  const { line, character } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
  const path = slashes(relative(dir, diagnostic.file.fileName));
  return `${path.startsWith('..') ? basename(path) : path}:${line + 1}:${character + 1}: ${text}`;
}

const slashes = (path: string): string => path.split(sep).join('/');
