/** FaultFileSystem over this machine's own file system, where a test names no other. The rest is in fault-house/. */
import type { FileSystem } from '../../engine/src/disk/file-system.ts';
import { nodeFileSystem } from '../../engine/src/disk/file-system.ts';
import { FaultFileSystem as AnyFaultFileSystem } from './fault-house/fault-file-system.ts';

export { type Call, diskError, isSync, isWrite, type Operation } from './fault-house/calls.ts';
export type { Fault } from './fault-house/fault-file-system.ts';

export class FaultFileSystem extends AnyFaultFileSystem {
  constructor(under: FileSystem = nodeFileSystem) {
    super(under);
  }
}
