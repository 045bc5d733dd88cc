/**
 * Frames: a failing case as pictures: the calls that change something, a step's together as long as nothing new is promised
 * and the last ones each alone; then the crash, then what came back.
 * Each shows the calls, the files they are about with what of them is on the disk, and what had been promised by then.
 */
import { type Call, isChange } from './calls.ts';
import type { CrashFailure, Reason } from './crash-cases.ts';
import type { DiskFile, FileBytes } from './disk-file.ts';
import { type DiskState, diskIn, type Fate, type Recording, snapshotAt } from './disk-states.ts';
import type { NameChange, RecordedCall, Snapshot } from './simulated-disk.ts';
import { type Promises, type Step, shortened } from './story.ts';
import { type Language, listed, say, type TextKey } from './texts.ts';

/** One picture. */
export interface Frame {
  readonly title: string;
  readonly lines: readonly string[];
}

const BAR_WIDTH = 32;
/** The last calls before the crash have a picture each. */
const LAST_ALONE = 3;

/** A failing case, frame by frame. */
export function framesOf(failure: CrashFailure, lang: Language): Frame[] {
  return new Painter(failure, lang).frames();
}

class Painter {
  readonly #failure: CrashFailure;
  readonly #lang: Language;

  constructor(failure: CrashFailure, lang: Language) {
    this.#failure = failure;
    this.#lang = lang;
  }

  frames(): Frame[] {
    const { recording, atCall, state, inRecovery, reason } = this.#failure;
    const frames = this.#callFrames(recording, atCall);
    if (reason.kind !== 'workload threw') frames.push(this.#crashFrame(recording, atCall, state, false));
    if (inRecovery !== undefined) {
      frames.push(this.#crashFrame(inRecovery.recording, inRecovery.atCall, inRecovery.state, true));
    }
    frames.push(this.#endFrame());
    return frames;
  }

  // ----------------------------------------------------------------------------------------------------------- calls

  #callFrames(recording: Recording, atCall: number): Frame[] {
    const frames: Frame[] = [];
    const first = this.#failure.story.steps[0]?.begunAt ?? atCall;
    const opening = recording.calls.slice(0, Math.min(first, atCall)).filter(isChange);
    if (opening.length > 0) {
      const lines = opening.map(call => this.#callLine(call));
      frames.push({ title: this.#say('opening'), lines: [...lines, ...this.#allFiles(snapshotAt(recording, first))] });
    }
    const changes = recording.calls.slice(first, atCall).filter(isChange);
    const runs = this.#runsOf(changes.slice(0, -LAST_ALONE));
    const alone = changes.slice(-LAST_ALONE).map(call => [call]);
    return [...frames, ...[...runs, ...alone].map(calls => this.#callFrame(calls))];
  }

  /** Calls of one step between which nothing has been promised make one picture. */
  #runsOf(calls: readonly RecordedCall[]): RecordedCall[][] {
    const runs: RecordedCall[][] = [];
    let last = '';
    for (const call of calls) {
      const { returned, synced } = this.#failure.story.promisesAt(call.index + 1);
      const place = `${this.#stepAt(call.index)?.number} ${returned} ${synced}`;
      if (place === last) runs.at(-1)!.push(call);
      else runs.push([call]);
      last = place;
    }
    return runs;
  }

  #callFrame(calls: readonly RecordedCall[]): Frame {
    const { recording, story } = this.#failure;
    const [begin, end] = [calls[0]!, calls.at(-1)!];
    const lines = [
      ...calls.map(call => this.#callLine(call)),
      ...this.#changedFiles(begin.before, snapshotAt(recording, end.index + 1)),
      ...this.#promiseLines(story.promisesAt(end.index + 1)),
    ];
    return { title: this.#stepAt(end.index)?.text ?? this.#say('between'), lines };
  }

  /** The step that makes call number `index`. */
  #stepAt(index: number): Step | undefined {
    const isMaking = ({ begunAt, returnedAt = Number.POSITIVE_INFINITY }: Step): boolean =>
      begunAt <= index && index < returnedAt;
    return this.#failure.story.steps.findLast(isMaking);
  }

  #callLine(call: RecordedCall): string {
    return `${this.#say('call', { n: call.index + 1 })}  ${this.#words(call)}`;
  }

  #words(call: Call): string {
    const { file, size = 0, position = 0, from = '' } = call;
    if (call.failed) return this.#say('syncFails', { file });
    if (!isChange(call)) return this.#say('look', { operation: call.operation, file });
    return this.#say(call.operation as TextKey, { file: file || '.', size, position, from });
  }

  /** The files in which the call has changed something, and the names it has left behind. */
  #changedFiles(before: Snapshot, after: Snapshot): string[] {
    const lines = [...after.names].flatMap(([name, file]) => {
      const [was, is] = [before.bytes.get(file), after.bytes.get(file)!];
      const isSame = before.names.get(name) === file && was?.content === is.content && was.onDisk === is.onDisk;
      return isSame || file.isDirectory ? [] : [this.#fileLine(name, is)];
    });
    return [...lines, ...this.#nameLines(after)];
  }

  #allFiles(snapshot: Snapshot): string[] {
    const files = [...snapshot.names].filter(([, file]) => !file.isDirectory);
    return [
      ...files.map(([name, file]) => this.#fileLine(name, snapshot.bytes.get(file)!)),
      ...this.#nameLines(snapshot),
    ];
  }

  #fileLine(name: string, { content, onDisk }: FileBytes): string {
    const synced = sameUpTo(content, onDisk);
    const unsynced = Math.max(content.length, onDisk.length) - synced;
    const key = unsynced === 0 ? 'bytes' : 'bytesBoth';
    return `  ${name.padEnd(20)} ${bar(synced, unsynced)}  ${this.#say(key, { synced, unsynced })}`;
  }

  #nameLines({ nameChanges }: Snapshot): string[] {
    if (nameChanges.length === 0) return [];
    return [`  ${this.#say('namesBehind', { list: this.#nameList(nameChanges) })}`];
  }

  #nameList(changes: Iterable<NameChange>): string {
    const words = Array.from(changes, ({ from = '', to = '' }) => {
      return this.#say(from === '' ? 'nameMade' : to === '' ? 'nameGone' : 'nameMoved', { from, to });
    });
    return listed(this.#lang, [...new Set(words)]);
  }

  #promiseLines({ returned, synced }: Promises): string[] {
    const { story } = this.#failure;
    const words = (count: number): string => {
      return count === 0 ? this.#say('nothing') : listed(this.#lang, story.changes.slice(1, count + 1));
    };
    const lines = [`  ${this.#say('promisedKill', { list: words(returned) })}`];
    if (synced > 0) lines.push(`  ${this.#say('promisedPowerCut', { list: words(synced) })}`);
    return lines;
  }

  // ---------------------------------------------------------------------------------------------------------- crashes

  #crashFrame(recording: Recording, atCall: number, state: DiskState, isSecond: boolean): Frame {
    const next = recording.calls[atCall];
    const inCall = state.kind === 'kill' && state.written !== undefined;
    const where =
      next === undefined
        ? this.#say('atEnd')
        : this.#say(inCall ? 'inCall' : 'beforeCall', { n: atCall + 1, what: this.#words(next) });
    const key =
      state.kind === 'kill' ? (isSecond ? 'killedAgain' : 'killed') : isSecond ? 'powerFailsAgain' : 'powerFails';
    const snapshot = snapshotAt(recording, atCall);
    const lines = state.kind === 'kill' ? this.#killLines(snapshot, state) : this.#powerCutLines(snapshot, state);
    if (isSecond) return { title: this.#say(key), lines: [where, ...lines] };
    const step = this.#stepAt(atCall)?.text;
    const title = step === undefined ? this.#say(key) : `${step} · ${this.#say(key)}`;
    return { title, lines: [where, ...lines, ...this.#promiseLines(this.#failure.promises)] };
  }

  #killLines(snapshot: Snapshot, state: DiskState): string[] {
    const disk = diskIn(state, snapshot, '/');
    const files = disk.fileNames.map(
      name => `  ${name.padEnd(20)} ${this.#say('fateKept', { size: disk.bytesOf(name).length })}`,
    );
    return [this.#say('systemKeeps'), ...files];
  }

  #powerCutLines(snapshot: Snapshot, state: DiskState): string[] {
    if (state.kind !== 'power cut') return [];
    const disk = diskIn(state, snapshot, '/');
    const files = this.#filesByName(snapshot);
    const lines = disk.fileNames.map(name => {
      const file = files.get(name);
      return `  ${name.padEnd(20)} ${this.#fate(file && state.fates.get(file), disk.bytesOf(name).length)}`;
    });
    if (state.lostNames.size > 0) lines.push(`  ${this.#say('namesLost', { list: this.#nameList(state.lostNames) })}`);
    return [this.#say('diskKeeps'), ...lines];
  }

  #filesByName({ names, namesOnDisk }: Snapshot): Map<string, DiskFile> {
    return new Map([...namesOnDisk, ...names]);
  }

  #fate(fate: Fate | undefined, size: number): string {
    if (fate === undefined || fate === 'kept') return this.#say('fateKept', { size });
    if (fate === 'lost') return this.#say('fateLost', { size });
    return this.#say('first' in fate ? 'fateFirst' : 'fateSectors', { size });
  }

  // -------------------------------------------------------------------------------------------------------------- end

  #endFrame(): Frame {
    const { reason, found, story, promises, state } = this.#failure;
    if (reason.kind === 'workload threw') return { title: this.#say('programEnded'), lines: [this.#reason(reason)] };
    const from = state.kind === 'kill' && this.#failure.inRecovery === undefined ? promises.returned : promises.synced;
    const allowed = [...new Set(story.states.slice(from, promises.begun + 1))].map(text => this.#contents(text));
    const holds = found === undefined ? [] : [this.#holds(found)];
    const may = this.#say('itMayHold', { list: allowed.join(this.#say('or')) });
    return { title: this.#say('openedAgain'), lines: [...holds, may, this.#reason(reason)] };
  }

  #holds(found: string): string {
    return found === '' ? this.#say('itIsEmpty') : this.#say('itHolds', { list: this.#contents(found) });
  }

  #contents(text: string): string {
    if (text === '') return this.#say('empty');
    const pairs = text.split('\n').map(line => {
      const [key, value = ''] = line.split(/=(.*)/s);
      return `${key}=${shortened(value)}`;
    });
    return `{ ${listed(this.#lang, pairs)} }`;
  }

  #reason(reason: Reason): string {
    switch (reason.kind) {
      case 'threw':
        return this.#say(reason.opening === 1 ? 'reasonThrew' : 'reasonThrewAgain', { error: errorText(reason.error) });
      case 'workload threw':
        return this.#say('reasonWorkloadThrew', { error: errorText(reason.error) });
      case 'lost':
        return this.#say('reasonLost', { list: listed(this.#lang, reason.changes) });
      case 'never was':
        return this.#say('reasonNeverWas');
      case 'not the same again':
        return this.#say('reasonNotTheSame', { list: this.#contents(reason.second) });
      case 'opened and lost':
        return this.#say('reasonOpenedAndLost', { list: this.#contents(reason.opened) });
    }
  }

  #say(key: TextKey, params?: Readonly<Record<string, string | number>>): string {
    return say(this.#lang, key, params);
  }
}

/** How many bytes both begin with. */
function sameUpTo(a: Buffer, b: Buffer): number {
  const size = Math.min(a.length, b.length);
  for (let at = 0; at < size; at++) if (a[at] !== b[at]) return at;
  return size;
}

/** What is on the disk, full; what is not, hollow. */
function bar(synced: number, unsynced: number): string {
  const all = synced + unsynced;
  const full = all === 0 ? 0 : Math.floor((synced / all) * BAR_WIDTH);
  const hollow = all === 0 ? 0 : BAR_WIDTH - full;
  return `${'█'.repeat(full)}${'░'.repeat(hollow)}`.padEnd(BAR_WIDTH);
}

function errorText(error: unknown): string {
  const { code, message = String(error) } = error as { code?: string; message?: string };
  return code === undefined ? message : `${code}: ${message}`;
}
