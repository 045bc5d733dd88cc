/** Moved: the fault house (fault-house/) has it now. */
export { type Call, diskError, isSync, isWrite, type Operation } from './fault-house/calls.ts';
export { type Fault, FaultFileSystem } from './fault-house/fault-file-system.ts';
