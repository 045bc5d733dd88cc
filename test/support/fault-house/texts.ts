/** What the frame player says, in both languages: key -> [English, Chinese]. `{name}` is filled in. */

export type Language = 'en' | 'zh';

const TEXTS = {
  caseHolds: [
    'holds: {calls} calls to the disk, {states} disks opened twice, {cases} cases, none failed',
    '成立：{calls} 次磁盘调用，{states} 种磁盘状态各打开两次，共 {cases} 个情形，全部通过',
  ],
  caseBegins: ['... {title}', '…… {title}'],
  caseNeverEnds: [
    'could not be tried to its end: something is awaited that never comes',
    '没能试到底：有什么在等一件永远不会发生的事',
  ],
  caseHoldsOnce: ['holds: {calls} calls to the disk, and nothing went wrong', '成立：{calls} 次磁盘调用，没有出错'],
  caseFails: [
    'fails. The smallest case that shows it has {frames} frames:',
    '不成立。能说明问题的最小情形有 {frames} 帧：',
  ],
  frame: ['frame {n} of {total}', '第 {n} 帧，共 {total} 帧'],
  next: ['Enter: next frame, q: quit', '回车：下一帧，q：退出'],
  opening: ['before the first step', '第一步之前'],
  between: ['between two steps', '两步之间'],
  call: ['call {n}', '调用 {n}'],
  create: ['make {file}', '新建 {file}'],
  write: ['write {size} bytes to {file}, at {position}', '向 {file} 的偏移 {position} 处写 {size} 字节'],
  truncate: ['cut {file} to {size} bytes', '把 {file} 截到 {size} 字节'],
  syncData: ['wait until the bytes of {file} are on the disk', '等 {file} 的字节落盘'],
  syncFails: [
    'put the bytes of {file} on the disk: this fails, and what was not there yet never gets there',
    '让 {file} 的字节落盘：失败。那时还没落盘的，从此再也不会落盘',
  ],
  syncDataLater: ['have the bytes of {file} put on the disk, in the background', '让 {file} 的字节在后台落盘'],
  rename: ['rename {from} to {file}', '把 {from} 改名为 {file}'],
  remove: ['remove {file}', '删除 {file}'],
  makeDirectory: ['make the directory {file}', '新建目录 {file}'],
  syncDirectory: ['wait until the names in the directory are on the disk', '等目录里的文件名落盘'],
  look: ['{operation} {file}', '{operation} {file}'],
  bytes: ['{synced} on the disk', '{synced} 字节已落盘'],
  bytesBoth: ['{synced} on the disk, {unsynced} only in memory', '{synced} 字节已落盘，{unsynced} 字节只在内存'],
  removed: ['gone', '已删除'],
  namesBehind: ['not on the disk yet: {list}', '还没落盘的目录改动：{list}'],
  nameMade: ['the name {to}', '新文件名 {to}'],
  nameGone: ['that {from} is gone', '{from} 已删除'],
  nameMoved: ['that {from} is {to} now', '{from} 改名为 {to}'],
  promisedKill: ['acknowledged: {list}', '已经承诺：{list}'],
  promisedPowerCut: ['safe from a power cut: {list}', '断电也不丢：{list}'],
  nothing: ['nothing yet', '还没有'],
  killed: ['The process is killed', '进程被杀死'],
  killedAgain: ['The process is killed again, while it opens the store', '打开数据库的途中，进程又被杀死'],
  powerFails: ['The power fails', '断电'],
  powerFailsAgain: ['The power fails again, while the store opens', '打开数据库的途中又断电'],
  beforeCall: ['before call {n}: {what}', '在调用 {n} 之前：{what}'],
  inCall: ['in the middle of call {n}: {what}', '在调用 {n} 的途中：{what}'],
  atEnd: ['after the last call', '在最后一次调用之后'],
  systemKeeps: [
    'What was written is still there: the operating system has it.',
    '写下的都还在：它们已经交给了操作系统。',
  ],
  diskKeeps: ['This is what the disk turns out to have:', '磁盘上实际有的是：'],
  fateKept: ['all {size} bytes', '全部 {size} 字节'],
  fateLost: ['{size} bytes: nothing since its last sync', '{size} 字节：上次落盘之后的都没有'],
  fateFirst: ['its first {size} bytes only', '只有前 {size} 字节'],
  fateSectors: [
    '{size} bytes, of which the last write is there in parts; what is missing reads as zeroes',
    '{size} 字节，但最近写的只到了一部分，缺的读出来是零',
  ],
  namesLost: ['never got there: {list}', '没有落盘的：{list}'],
  programEnded: ['The program ends with an error', '程序以错误结束'],
  openedAgain: ['The store is opened again', '重新打开数据库'],
  itHolds: ['It holds: {list}', '里面有：{list}'],
  itIsEmpty: ['It holds nothing.', '里面什么也没有。'],
  itMayHold: ['It may hold: {list}', '允许的内容：{list}'],
  or: [', or ', '，或者 '],
  empty: ['nothing', '什么也没有'],
  reasonThrew: ['It could not be opened and read: {error}', '打不开或读不了：{error}'],
  reasonThrewAgain: ['It could be opened once. The second time: {error}', '第一次能打开，第二次却不行：{error}'],
  reasonLost: ['Lost, though it was promised: {list}', '承诺过却丢了：{list}'],
  reasonNeverWas: [
    'The store has never been like this: it is no prefix of its history.',
    '数据库从来没有过这个样子：它不是历史的一个前缀。',
  ],
  reasonNotTheSame: ['Opened once more, it holds something else: {list}', '再打开一次，里面却变成了：{list}'],
  reasonOpenedAndLost: [
    'Before the second crash it had been open, and had shown: {list}',
    '第二次崩溃之前它已经打开过，当时显示的是：{list}',
  ],
  reasonWorkloadThrew: [
    'No crash was needed. The program itself ended with: {error}',
    '不需要崩溃，程序自己就出错了：{error}',
  ],
} as const satisfies Record<string, readonly [string, string]>;

export type TextKey = keyof typeof TEXTS;

/** A text in a language, with its names filled in. */
export function say(lang: Language, key: TextKey, params: Readonly<Record<string, string | number>> = {}): string {
  const text: string = TEXTS[key][lang === 'zh' ? 1 : 0];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

/** Several things in one line. */
export const listed = (lang: Language, all: readonly string[]): string => all.join(lang === 'zh' ? '、' : ', ');
