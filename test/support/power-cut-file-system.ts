/** Moved: the fault house (fault-house/) has it now, as SimulatedDisk. */
export { type Cut, SimulatedDisk as PowerCutFileSystem } from './fault-house/simulated-disk.ts';
