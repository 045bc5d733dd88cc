/** A visitor counter. Run it twice: it should count to two. */
import { FirstStore } from './first-store.ts';

const store = new FirstStore();

const visits: number = Number(store.get('visits') ?? '0') + 1;

store.put('visits', String(visits));
console.log(`visit number ${visits}`);
