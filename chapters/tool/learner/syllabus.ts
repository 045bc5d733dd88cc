/**
 * The table of contents: thirty chapters in three parts. The program shows all of them from the first day, so that a
 * learner sees the whole road; a chapter whose folder exists is open, the others are named as coming.
 * A written chapter's own title (chapter.json) wins over the one here.
 */
import type { Language } from './language.ts';

export type Track = 'engine' | 'ranges' | 'server';

export interface SyllabusEntry {
  readonly number: number;
  readonly track: Track;
  readonly title: Readonly<Record<Language, string>>;
}

const engine: ReadonlyArray<readonly [string, string]> = [
  ['Five minutes to green', '五分钟跑通第一个测试'],
  ['What a key-value store is', '什么是键值存储'],
  ['The Bitcask paper in 60 lines', '用 60 行读懂 Bitcask 论文'],
  ['Bytes: the log record', '字节：一条日志记录'],
  ['Memory and disk design', '内存与磁盘的设计'],
  ['Put and Get', '写入与读取'],
  ['Delete', '删除'],
  ['Start-up and recovery', '启动与恢复'],
  ['Durability and the lock', '持久性与文件锁'],
  ['Order and iterators', '有序遍历与迭代器'],
  ['WriteBatch', '批量写入'],
  ['Merge and hint files', '合并与 hint 文件'],
  ['Memory-index optimisation', '内存索引的优化'],
  ['File-I/O optimisation', '文件读写的优化'],
  ['Merge optimisation', '合并的优化'],
  ['Backup and inspection', '备份与检查'],
  ['HTTP interface', 'HTTP 接口'],
  ['Benchmarks, and the engine ships', '基准测试，引擎发布'],
];

const ranges: ReadonlyArray<readonly [string, string]> = [
  ['One key, many values', '一个键，许多值'],
  ['One file per range', '一个区间一个文件'],
  ['Never lose a write', '不丢一次写入'],
  ['Split, merge, and is it worth it', '分裂、合并，值得吗'],
];

const server: ReadonlyArray<readonly [string, string]> = [
  ['RESP and the server', 'RESP 协议与服务器'],
  ['Keyspace, String, expiry', '键空间、字符串与过期'],
  ['Hash', '哈希'],
  ['Set', '集合'],
  ['List', '列表'],
  ['Sorted set', '有序集合'],
  ['Transactions, compatibility, and the server ships', '事务、兼容性，服务器发布'],
  ['Beyond', '继续前行'],
];

const parts: ReadonlyArray<readonly [Track, typeof engine]> = [
  ['engine', engine],
  ['ranges', ranges],
  ['server', server],
];

/** Every chapter of the course, in order; the index is the chapter's number. */
export const SYLLABUS: readonly SyllabusEntry[] = parts
  .flatMap(([track, titles]) => titles.map(([en, zh]) => ({ track, title: { en, zh } })))
  .map((entry, number) => ({ number, ...entry }));

/** The first chapter of the server track; `npm start` in the learner's folder has nothing to start before it. */
export const FIRST_SERVER_CHAPTER: number = engine.length + ranges.length;
