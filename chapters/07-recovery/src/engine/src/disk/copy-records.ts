// superseded later: imports
/** Copies of what is in a data file: of bytes that no longer count, into lost/. */

import { readFully, writeFully } from './data-file.ts';
import type { FileSystem } from './file-system.ts';
import { removeIfThere } from './manifest.ts';
