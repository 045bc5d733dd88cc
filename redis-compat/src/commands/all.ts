/** Every command the server knows, group by group. docs/redis-compatibility.md is printed from it. */
import { bitmapCommands } from './bitmap.ts';
import { clientCommands } from './client.ts';
import { commandCommands } from './command.ts';
import { configCommands } from './config.ts';
import { connectionCommands } from './connection.ts';
import { databaseCommands } from './databases.ts';
import { debugCommands } from './debug.ts';
import { genericCommands } from './generic.ts';
import { infoCommands } from './info.ts';
import { latencyCommands } from './latency.ts';
import { serverCommands } from './server.ts';
import { setCommands } from './set.ts';
import { slowLogCommands } from './slow-log.ts';
import { stringCommands } from './string.ts';
import type { CommandTable } from './table.ts';

/** The whole table. */
export const allCommands: CommandTable = {
  ...connectionCommands,
  ...clientCommands,
  ...stringCommands,
  ...bitmapCommands,
  ...setCommands,
  ...genericCommands,
  ...databaseCommands,
  ...serverCommands,
  ...configCommands,
  ...commandCommands,
  ...infoCommands,
  ...slowLogCommands,
  ...latencyCommands,
  ...debugCommands,
};
