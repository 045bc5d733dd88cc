/** The visitor counter of chapter 00 on MiniCask. Run it twice: now it counts to two. */
import { MiniCask } from './mini-cask.ts';

const store: MiniCask = MiniCask.open('visits.log');

const visits: number = Number(store.get('visits') ?? '0') + 1;

store.put('visits', String(visits));
console.log(`visit number ${visits}`);
