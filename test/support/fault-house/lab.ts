/**
 * Crash lab: a program for `course lab N`. It tries a list of crash cases on the code it stands beside, says of each that
 * it holds, and at the first that fails plays the smallest failing case, frame by frame.
 *
 * In a terminal Enter brings the next frame; elsewhere all come at once. `--json` prints one object instead. The result
 * is the exit code: 0 when all hold, 1 when one does not.
 */
import { createInterface } from 'node:readline';
import { type CrashCasesOptions, type CrashReport, crashCases } from './crash-cases.ts';
import { type Frame, framesOf } from './frames.ts';
import { type Language, say } from './texts.ts';

/** One promise and the workload that tries it. */
export interface LabCase extends CrashCasesOptions {
  readonly title: { readonly en: string; readonly zh: string };
}

/** What `--json` prints for a case. */
export interface CaseResult {
  readonly title: string;
  readonly holds: boolean;
  readonly calls: number;
  readonly states: number;
  readonly cases: number;
  readonly reason?: string;
  readonly frames?: readonly Frame[];
}

/** Try the cases in order; returns the exit code. */
export async function crashLab(
  cases: readonly LabCase[],
  args: readonly string[] = process.argv.slice(2),
  lang: Language = process.env['ZEROCASK_LANG'] === 'zh' ? 'zh' : 'en',
): Promise<number> {
  const results: CaseResult[] = [];
  const isJson = args.includes('--json');
  // The event loop has nothing left to do, and a case still waits: for something that never comes.
  let running = '';
  process.once('exit', () => {
    if (running === '') return;
    process.stderr.write(`✗ ${running}\n  ${say(lang, 'caseNeverEnds')}\n`);
    process.exitCode = 1;
  });
  process.stdout.on('error', () => process.exit(1)); // Whoever reads has gone.
  for (const each of cases) {
    running = each.title[lang];
    if (process.stderr.isTTY) process.stderr.write(`${say(lang, 'caseBegins', { title: running })}\n`);
    const report = await crashCases(each);
    running = '';
    const result = resultOf(each.title[lang], report, lang);
    results.push(result);
    if (!isJson) await show(result, lang);
    if (!result.holds) break;
  }
  if (isJson) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  return results.every(result => result.holds) ? 0 : 1;
}

function resultOf(title: string, { calls, states, cases, failure }: CrashReport, lang: Language): CaseResult {
  const counts = { title, holds: failure === undefined, calls, states, cases };
  return failure === undefined ? counts : { ...counts, reason: failure.reason.kind, frames: framesOf(failure, lang) };
}

async function show(result: CaseResult, lang: Language): Promise<void> {
  const { title, holds, calls, states, cases, frames = [] } = result;
  const verdict = holds
    ? say(lang, cases === 0 ? 'caseHoldsOnce' : 'caseHolds', { calls, states, cases })
    : say(lang, 'caseFails', { frames: frames.length });
  print(`${holds ? '✓' : '✗'} ${title}\n  ${verdict}`);
  if (!holds) await play(frames, lang);
}

/** Show frames one after the other; in a terminal, each after a key. */
async function play(frames: readonly Frame[], lang: Language): Promise<void> {
  const waits = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const lines = waits ? createInterface({ input: process.stdin, output: process.stdout }) : undefined;
  const closed = new Promise<string>(resolve => lines?.once('close', () => resolve('q')));
  for (const [i, { title, lines: text }] of frames.entries()) {
    print(`\n── ${say(lang, 'frame', { n: i + 1, total: frames.length })} · ${title}`);
    for (const line of text) print(`   ${line}`);
    if (lines === undefined || i === frames.length - 1) continue;
    const question = new Promise<string>(resolve => lines.question(`   [${say(lang, 'next')}] `, resolve));
    const answer = await Promise.race([question, closed]);
    if (answer.trim().toLowerCase().startsWith('q')) break;
  }
  lines?.close();
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
