import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FileId } from '../../../engine/src/disk/file-names.ts';
import { nodeFileSystem } from '../../../engine/src/disk/file-system.ts';
import { commitManifest, decodeManifest, emptyManifest, encodeManifest } from '../../../engine/src/disk/manifest.ts';
import { crc32 } from '../../../engine/src/format/crc32.ts';
import { FaultFileSystem } from '../../support/fault-file-system.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const manifest = {
  ...emptyManifest([1, -2]),
  files: [{ id: 3 as FileId, salt: 9, sealedSize: null, minSeq: 0, maxSeq: 0 }],
  nextFileId: 4,
  lastSeq: 17,
};

test('a manifest is a line of JSON and a line with its checksum, and comes back as it was', () => {
  const [line, sum, rest] = String(encodeManifest(manifest)).split('\n');
  expect(JSON.parse(line!)).toEqual({ format: 1, ...manifest });
  expect(sum).toBe(
    `crc32 ${crc32(Buffer.from(`${line}\n`))
      .toString(16)
      .padStart(8, '0')}`,
  );
  expect(rest).toBe('');
  expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
});

test('a manifest with any bit flipped, or cut short, is not read', () => {
  const bytes = encodeManifest(manifest);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    expect(decodeManifest(damaged)).toBeUndefined();
  }
  for (let end = 0; end < bytes.length; end++) expect(decodeManifest(bytes.subarray(0, end))).toBeUndefined();
});

test('a manifest of a newer format is refused with what to do', () => {
  const line = Buffer.from('{"format":2}\n');
  const sum = crc32(line).toString(16).padStart(8, '0');
  expect(() => decodeManifest(Buffer.concat([line, Buffer.from(`crc32 ${sum}\n`)]))).toThrow(/newer program/);
});

test('a commit that fails at any call to the disk leaves the old manifest or the new one, whole', () => {
  const fs = new FaultFileSystem();
  const directory = temporaryDirectory();
  const path = join(directory, 'MANIFEST');
  commitManifest(nodeFileSystem, directory, manifest);
  commitManifest(fs, directory, manifest);
  const callCount = fs.calls.length;
  for (let failing = 0; failing < callCount; failing++) {
    writeFileSync(path, encodeManifest(manifest));
    const start = fs.calls.length;
    fs.plan = call => (call.index - start === failing ? { error: 'EIO', afterBytes: 5 } : undefined);
    try {
      commitManifest(fs, directory, { ...manifest, lastSeq: 18 });
    } catch {}
    expect(decodeManifest(readFileSync(path))?.lastSeq).toBeOneOf([17, 18]);
  }
});

test('the manifest before is kept', () => {
  const directory = temporaryDirectory();
  commitManifest(nodeFileSystem, directory, manifest);
  commitManifest(nodeFileSystem, directory, { ...manifest, lastSeq: 18 });
  expect(decodeManifest(readFileSync(join(directory, 'MANIFEST.previous')))?.lastSeq).toBe(17);
});
