/** Two programs open one directory. Here they are two Databases in one program, which is the same to the disk. */
import { rmSync } from 'node:fs';
import { Database } from '../engine/src/index.ts';

const DIRECTORY = 'zerocask-data/shared';
rmSync(DIRECTORY, { recursive: true, force: true });
const first = await Database.open(DIRECTORY);
first.put('stock', '10');
const second = await Database.open(DIRECTORY);

console.log('first: ', 'seq', first.put('stock', '9'));
console.log('second:', 'seq', second.put('stock', '7'));
console.log('first: ', 'stock is', first.get('stock')?.toString());
console.log('second:', 'stock is', second.get('stock')?.toString());
await first.close();
await second.close();

const third = await Database.open(DIRECTORY);
console.log('third: ', 'stock is', third.get('stock')?.toString());
await third.close();
