/**
 * System calls: what a process really asked of the disk, read from the log of strace(1), and done again on a simulated disk.
 * So the states that are opened afterwards are those that the system calls allow, whatever the engine's own file system
 * layer believes it has asked for.
 *
 * The log is made with `strace -f -y -xx`: every thread, a path behind each descriptor, all text in hexadecimal.
 */
import { type Recording, recordingOf, SimulatedDisk, type Snapshot } from '../support/fault-house/index.ts';

/** The calls to ask strace for. */
const TRACED =
  'openat,pwrite64,write,ftruncate,fdatasync,fsync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat';

/** The program that a child is to be started by, so that its calls are written to `log`. */
export const tracedBy = (log: string): string[] => [
  'strace',
  ...['-f', '-y', '-xx', '-qq', '-s', '10000000', '-e', `trace=${TRACED}`, '-e', 'signal=none', '-o', log],
];

/** One call: when it began, and whether it worked. */
interface SystemCall {
  readonly name: string;
  readonly args: string;
  /** Another thread's call had begun before this one ended: it ends at that line of the log. */
  endLine: number;
  succeeded: boolean;
}

/** A line of output, how many calls there had been, and the disk as it was then. */
export interface Said {
  readonly atCall: number;
  readonly line: string;
  readonly disk: Snapshot;
}

/** What the process did to the files below `root`, and what it had said by then: lines of its output with their place. */
export interface Replayed {
  readonly recording: Recording;
  readonly said: readonly Said[];
}

/** Do again what the log says. */
export function replayLog(log: string, root: string): Replayed {
  const calls = parse(log.split('\n'));
  const disk = new SimulatedDisk(root).record();
  const said: Said[] = [];
  const ends = new Map<number, () => void>();
  for (const [line, call] of calls.entries()) {
    ends.get(line)?.();
    if (call === undefined || !call.succeeded) continue;
    const end = replay(call, disk, text => {
      for (const each of text.split('\n').filter(Boolean))
        said.push({ atCall: disk.recorded.length, line: each, disk: disk.snapshot });
    });
    if (end !== undefined && call.endLine === line) end();
    else if (end !== undefined) ends.set(call.endLine, end);
  }
  return { recording: recordingOf(disk), said };
}

/** The calls of a log, by the line in which each begins. */
function parse(lines: readonly string[]): (SystemCall | undefined)[] {
  const open = new Map<string, SystemCall>();
  return lines.map((text, line) => {
    const whole = /^(\d+) +(\w+)\((.*)\) += (-?\d+)/s.exec(text);
    if (whole !== null) return { name: whole[2]!, args: whole[3]!, endLine: line, succeeded: Number(whole[4]) >= 0 };
    const begun = /^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$/s.exec(text);
    if (begun !== null) {
      const call = { name: begun[2]!, args: begun[3]!, endLine: Number.POSITIVE_INFINITY, succeeded: true };
      open.set(begun[1]!, call);
      return call;
    }
    const ended = /^(\d+) +<\.\.\. \w+ resumed>.*\) += (-?\d+)/s.exec(text);
    const call = ended && open.get(ended[1]!);
    if (call) Object.assign(call, { endLine: line, succeeded: Number(ended[2]) >= 0 });
    return undefined;
  });
}

/** Do one call again; what it returns, if anything, is to be done when the call ends. */
function replay(
  { name, args }: SystemCall,
  disk: SimulatedDisk,
  say: (text: string) => void,
): (() => void) | undefined {
  const paths = pathsIn(args).filter(path => isBelow(disk.root, path));
  if (name === 'write' && /^1</.test(args)) say(bytesIn(args).toString());
  const path = paths.at(-1);
  if (path === undefined || /\/LOCK[^/]*$/.test(path)) return undefined; // The lock is no part of what is recovered.
  const isThere = path === disk.root || disk.snapshot.names.has(path.slice(disk.root.length + 1));
  switch (name) {
    case 'openat':
      if (args.includes('O_CREAT') && !isThere) disk.open(path, 'create');
      return undefined;
    case 'mkdir':
    case 'mkdirat':
      disk.makeDirectory(path);
      return undefined;
    case 'rename':
    case 'renameat':
    case 'renameat2':
      disk.rename(paths.at(-2)!, path);
      return undefined;
    case 'unlink':
    case 'unlinkat':
      disk.remove(path);
      return undefined;
  }
  if (!isThere) return undefined; // A file whose name is gone already.
  switch (name) {
    case 'pwrite64': {
      const bytes = bytesIn(args);
      disk.open(path, 'write').write(bytes, 0, bytes.length, Number(/(\d+)$/.exec(args)![1]));
      return undefined;
    }
    case 'ftruncate':
      disk.open(path, 'write').truncate(Number(/(\d+)$/.exec(args)![1]));
      return undefined;
    case 'fsync':
    case 'fdatasync':
      if (path !== disk.root && !disk.snapshot.names.get(path.slice(disk.root.length + 1))!.isDirectory) {
        return disk.beginSync(path);
      }
      return () => disk.syncDirectory(path);
  }
  return undefined;
}

const isBelow = (root: string, path: string): boolean => path === root || path.startsWith(`${root}/`);

/** The paths in the arguments: those behind descriptors, and those given as text. */
function pathsIn(args: string): string[] {
  const texts = Array.from(args.matchAll(/[<"]((?:\\x[0-9a-f]{2})+)[>"]/g), match => unhex(match[1]!).toString());
  return texts.filter(text => text.startsWith('/'));
}

/** The bytes of a write: the only text in quotes. */
function bytesIn(args: string): Buffer {
  return unhex(/"((?:\\x[0-9a-f]{2})*)"/.exec(args)?.[1] ?? '');
}

const unhex = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');
