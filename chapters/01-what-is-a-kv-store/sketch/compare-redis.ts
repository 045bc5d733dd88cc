/** The figures of Redis, or the recorded ones. */
import { measureRedis } from './redis-beside.ts';
import { randomWorkload } from './workload.ts';

const figures = await measureRedis('redis-server', randomWorkload(1000, 3000, 500));

console.log(figures);
