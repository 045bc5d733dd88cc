// superseded later: imports
/**
 * Settle: leave a directory so that new files can be added to it. What recovery has read is made durable, the manifest says
 * so, and files that do not count go.
 *
 * Invariant: the manifest is written when all that it lists is on the disk, and nothing goes before it is written.
 */

import { join } from 'node:path';
import { rewriteFile } from '../disk/copy-records.ts';
import { makeReadOnly } from '../disk/data-files.ts';
import { dataFileName, type FileId } from '../disk/file-names.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { commitManifest, type LiveFile, type Manifest, readFile, removeIfThere } from '../disk/manifest.ts';
import { dataFileIds } from '../disk/rebuild-manifest.ts';
import { POISONED_NAME } from '../log/log-writer.ts';
