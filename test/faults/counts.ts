/** Figures that the fault tests leave for the report: lines of reports/fault-counts.jsonl. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const COUNTS_FILE: string = fileURLToPath(new URL('../../reports/fault-counts.jsonl', import.meta.url));

/** Note a figure. */
export function count(what: string, value: number): void {
  mkdirSync(join(COUNTS_FILE, '..'), { recursive: true });
  appendFileSync(COUNTS_FILE, `${JSON.stringify({ what, value })}\n`);
}
