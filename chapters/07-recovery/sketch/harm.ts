/** Do harm to a file: `harm.ts FILE flip OFFSET`, `cut BYTES`, `zero OFFSET SIZE`, `remove`. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const [file = '', what, first = '0', second = '0'] = process.argv.slice(2);
const [a, b] = [Number(first), Number(second)];

if (what === 'remove') rmSync(file, { force: true });
else {
  const bytes = readFileSync(file);
  if (what === 'flip') bytes[a]! ^= 1;
  if (what === 'zero') bytes.fill(0, a, a + b);
  chmodSync(file, 0o644);
  writeFileSync(file, what === 'cut' ? bytes.subarray(0, bytes.length - a) : bytes);
}
