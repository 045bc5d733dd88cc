/**
 * A process that writes while the system makes its calls fail: DIRECTORY LEVEL COUNT. It puts numbered keys, merges now
 * and then, and says what became of each: `ok I`, or `failed I CODE`; a failed one must not be visible. In the end it
 * says `reads WELL` when all that was ok can be read, `synced I` for the last write that a sync covered, and `closed CODE`.
 */
import { writeSync } from 'node:fs';
import { Database, type Durability, type EngineError } from '../../../engine/src/index.ts';

const [directory, level, count] = process.argv.slice(2);
const say = (text: string): void => {
  writeSync(1, `${text}\n`);
};
const codeOf = (error: unknown): string => (error as EngineError).code;
const valueFor = (i: number): string => `${i} ${'x'.repeat(i % 200)}`;

const durability = JSON.parse(level!) as Durability;
try {
  const db = await Database.open(directory!, { durability, maxDataFileSize: 1500, merge: { auto: false } });
  say('opened');
  const done: number[] = [];
  for (let i = 0; i < Number(count); i++) {
    try {
      db.put(`key ${i}`, valueFor(i));
      done.push(i);
      say(`ok ${i}`);
    } catch (error) {
      say(`failed ${i} ${codeOf(error)}${db.has(`key ${i}`) ? ' and is visible' : ''}`);
    }
    if (i % 10 === 9) {
      await db.sync().then(
        () => say(`synced ${i}`),
        error => say(`not synced ${codeOf(error)}`),
      );
    }
    if (i % 20 === 19) await db.merge().catch(error => say(`not merged ${codeOf(error)}`));
  }
  const readsWell = done.every(i => String(db.get(`key ${i}`)) === valueFor(i));
  say(`reads ${readsWell ? 'well' : 'badly'}`);
  await db.close().then(
    () => say('closed'),
    error => say(`not closed ${codeOf(error)}`),
  );
} catch (error) {
  say(`not opened ${codeOf(error)} ${(error as Error).message}`);
}
