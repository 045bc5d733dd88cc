/**
 * Process name: what tells a process from every other on this machine, and whether it still runs. A process id alone is
 * not enough, as it is given to another process later.
 * Left out: a process in another pid namespace, whose id means something else here (see lock-owners.ts).
 */

import { readFileSync } from 'node:fs';

/** This process: its id, the boot of the machine, and when the process started. */
export function thisProcess(): string {
  return `${process.pid} ${bootId()} ${startOf(process.pid)}`;
}

/** Whether the process of this name runs. Anything that is no name is the name of nobody. */
export function isRunning(name: string): boolean {
  const [pid, boot, start] = name.split(' ');
  if (boot !== bootId() || !(Number(pid) > 0)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return start === startOf(Number(pid));
}

function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id').trim() || 'unknown';
}

/** When a process started, as the system counts it; the field of /proc/PID/stat behind the name in parentheses. */
function startOf(pid: number): string {
  return readText(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ')[19] ?? 'unknown';
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
