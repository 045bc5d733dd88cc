/** The fault house: what tests and labs take from it. README.md says how. */
export { type Call, diskError, isChange, isSync, isWrite, type Operation } from './calls.ts';
export {
  type Afterwards,
  type CrashCasesOptions,
  type CrashFailure,
  type CrashReport,
  crashCases,
  type Found,
  fingerprint,
  type Reason,
  type World,
} from './crash-cases.ts';
export {
  type DiskState,
  diskIn,
  type Fate,
  legalDiskStates,
  type Recording,
  recordingOf,
  type StateLimits,
  snapshotAt,
} from './disk-states.ts';
export { type Fault, FaultFileSystem, stoppingAt } from './fault-file-system.ts';
export { type Frame, framesOf } from './frames.ts';
export { type CaseResult, crashLab, type LabCase } from './lab.ts';
export { seeded } from './seeded.ts';
export { type Cut, type NameChange, type RecordedCall, SimulatedDisk, type Snapshot } from './simulated-disk.ts';
export { type Promises, type Step, type StoreUnderTest, Story, type Survives, stateText } from './story.ts';
export type { Language } from './texts.ts';
