/**
 * Everything the program says to a learner, in both languages, in one table: key -> [English, Chinese].
 * `{name}` is filled in. The Chinese is written for a Chinese reader; a key must say the same in both, not word by word.
 */
import type { Language } from './language.ts';

export type Params = Readonly<Record<string, string | number>>;

const MESSAGES = {
  // The command line
  cliDescription: [
    'Zerocask, the course: build a key-value store on disk, then a Redis server on top of it.',
    'Zerocask 课程：先造一个落盘的键值存储，再在它上面造一个 Redis 服务器。',
  ],
  cliUsage: ['[command] [options]', '[命令] [选项]'],
  cliExamples: [
    `Examples:
  npm run course                   where am I, what is next
  npm run course -- start          lay out my-kv/ and begin
  npm run course -- check          run the checkpoint of the chapter in hand
  npm run course -- check --json   for programs`,
    `例子：
  npm run course                   我在哪里，下一步做什么
  npm run course -- start          建好 my-kv/，开始学习
  npm run course -- check          运行当前这一章的检查点
  npm run course -- check --json   给程序读的结果`,
  ],
  optDir: ["the learner's folder (my-kv by default)", '学习者的文件夹（默认 my-kv）'],
  optLang: ['language of the program, remembered in the folder', '程序使用的语言，会记在文件夹里'],
  optHelp: ['show help', '显示帮助'],
  optJson: ['print JSON', '输出 JSON'],
  cmdHelp: ['show help for a command', '显示某个命令的帮助'],
  argChapter: ['number of a chapter; the one in hand by default', '章号；默认是当前这一章'],
  argChapterWanted: ['number of a chapter', '章号'],
  badChapter: [
    '"{value}" is no chapter number: write a number from 0 to 29',
    '“{value}” 不是章号：请写 0 到 29 的数字',
  ],
  badNumber: ['"{value}" is not a number', '“{value}” 不是数字'],
  unknownCommand: ['There is no command "{name}".', '没有 “{name}” 这个命令。'],
  didYouMean: ['Did you mean "{name}"?', '你是想用 “{name}” 吗？'],
  knownCommands: ['Commands: {list}', '可用的命令：{list}'],
  unknownOption: ['There is no option {name}.', '没有 {name} 这个选项。'],
  missingArgument: ['One thing is missing: {name}', '还缺少参数：{name}'],
  tooManyArguments: ['That is one word too many.', '参数太多了。'],
  badChoice: ['"{value}" is none of: {list}', '“{value}” 不在可选的值里：{list}'],
  optionNeedsValue: ['The option needs a value: {name}', '选项需要一个值：{name}'],
  seeHelp: ['See: npm run course -- --help', '参见：npm run course -- --help'],
  bug: ['This is a mistake in the course program, not in your code:', '这是课程程序自身的错误，与你的代码无关：'],

  cmd_start: ['lay out the folder, or go to chapter N', '建好文件夹，或进入第 N 章'],
  ex_start: [
    `Examples:
  npm run course -- start           follow mode, TypeScript: type along with the lessons
  npm run course -- start --build   build mode: signatures with empty bodies, you write the rest
  npm run course -- start --js      in JavaScript
  npm run course -- start --dir ../mine`,
    `例子：
  npm run course -- start           跟写模式，TypeScript：跟着课文一行行写
  npm run course -- start --build   自建模式：只给签名，函数体由你来写
  npm run course -- start --js      使用 JavaScript
  npm run course -- start --dir ../mine`,
  ],
  optBuild: ['build mode: signatures are laid out, you write the bodies', '自建模式：给出签名，函数体由你写'],
  optFollow: ['follow mode: you type the lesson (default)', '跟写模式：跟着课文写（默认）'],
  optJs: ['JavaScript instead of TypeScript', '用 JavaScript 代替 TypeScript'],
  optTs: ['TypeScript (default)', 'TypeScript（默认）'],

  cmd_check: ['run the checkpoints of chapter N and of all before it', '运行第 N 章以及之前各章的检查点'],
  ex_check: [
    `Examples:
  npm run course -- check           the chapter in hand
  npm run course -- check 3         chapters 0 to 3
  npm run course -- check --verbose every failure in full
  npm run course -- check --section 2   one section of the chapter, and nothing else`,
    `例子：
  npm run course -- check           当前这一章
  npm run course -- check 3         第 0 到 3 章
  npm run course -- check --verbose 完整显示每一处失败`,
  ],
  optAll: ['every chapter that is written', '所有已写好的章节'],
  optVerbose: ['tell every failure', '显示所有失败'],

  cmd_watch: ['check again on every save', '每次保存后自动检查'],
  ex_watch: [
    `Keys (or lines, where there is no terminal):
  h hint   d diff with the reference   s solution   n next   Enter check   q quit`,
    `按键（没有终端时按行输入）：
  h 提示   d 与参考实现比较   s 参考实现   n 下一步   回车 检查   q 退出`,
  ],
  cmd_hint: ['a hint: one level more at each call', '给一个提示：每问一次，多说一层'],
  ex_hint: [
    `Three levels: a nudge, the idea, the shape of the code. Examples:
  npm run course -- hint
  npm run course -- hint 3 --section 2`,
    `提示分三层：点一下、讲思路、给出代码的样子。例子：
  npm run course -- hint
  npm run course -- hint 3 --section 2`,
  ],
  optSection: ['a section of the checkpoint, by name or number', '检查点的某一节，写名字或序号'],
  optLevel: ['this level (1 to 3)', '指定层次（1 到 3）'],
  cmd_diff: [
    'what chapter N changes; with "me": yours against the reference',
    '第 N 章改了什么；加上 me：你的代码与参考实现的差别',
  ],
  ex_diff: [
    `Examples:
  npm run course -- diff 5            what chapter 5 changes
  npm run course -- diff 5 me         your files against the reference of chapter 5
  npm run course -- diff me record.ts one file`,
    `例子：
  npm run course -- diff 5            第 05 章改了什么
  npm run course -- diff 5 me         你的文件与第 05 章参考实现的差别
  npm run course -- diff me record.ts 只看一个文件`,
  ],
  optDiffAll: ['also files of yours that are not begun', '还没开始的文件也显示'],
  argDiff: ['N, "me", part of a path', '章号、me、路径的一部分'],
  cmd_solve: [
    'put the reference of chapter N into the folder, yours is kept aside',
    '把第 N 章的参考实现放进文件夹，你的版本会另存',
  ],
  ex_solve: [
    `Examples:
  npm run course -- solve 3 varint.ts       this file, after your chapter 3 is green
  npm run course -- solve 3 varint.ts crc32.ts --force   these, before it is
  npm run course -- solve 3 --force         every file of the chapter; yours are kept in .course/aside/
  npm run course -- solve 3 varint.ts --print --force   only look`,
    `例子：
  npm run course -- solve 3 varint.ts       第 03 章变绿以后，只要这个文件
  npm run course -- solve 3 varint.ts crc32.ts --force   变绿之前，要这几个
  npm run course -- solve 3 --force         这一章的所有文件；你的版本存到 .course/aside/
  npm run course -- solve 3 varint.ts --print --force   只看不写`,
  ],
  argPath: ['only these files of the chapter', '只要这一章的这些文件'],
  optForceDiff: ['in build mode, also before the chapter is green', '自建模式下，章节还没变绿也显示'],
  optForceSolve: [
    'also before the chapter is green, and over files you wrote, after keeping them aside',
    '还没变绿也给出；你写的文件会先另存再替换',
  ],
  optPrint: ['print it, write nothing', '只显示，不写文件'],
  cmd_goto: [
    'the reference for everything before chapter N, then begin there',
    '铺好第 N 章之前的参考实现，从那里开始',
  ],
  ex_goto: [
    `Examples:
  npm run course -- goto 5
  npm run course -- goto 5 --force   replaces files you wrote; they are kept in .course/aside/`,
    `例子：
  npm run course -- goto 5
  npm run course -- goto 5 --force   替换你写的文件；原来的存到 .course/aside/`,
  ],
  optForceGoto: ['replace files you wrote, after keeping them aside', '先另存你写的文件，再替换'],
  cmd_play: ['play the lesson: prose, and code typed block by block', '放映课文：文字，加上一块块打出来的代码'],
  ex_play: [
    `Examples:
  npm run course -- play 3
  npm run course -- play 3 --apply      and put each block into your folder (follow mode)
  npm run course -- play 3 --no-wait    all at once`,
    `例子：
  npm run course -- play 3
  npm run course -- play 3 --apply      同时把每一块写进你的文件夹（跟写模式）
  npm run course -- play 3 --no-wait    一次放完`,
  ],
  optFast: ['no typing, still a pause after each step', '不逐行打字，每一步之后仍然停顿'],
  optNoWait: ['no pause', '不停顿'],
  optApply: ["write the blocks into the learner's folder", '把代码块写进学习者的文件夹'],
  optFrom: ['begin at this block', '从第几块开始'],
  optTo: ['end with this block', '到第几块为止'],
  cmd_read: ['read the lesson here', '在终端里读课文'],
  ex_read: [
    `Examples:
  npm run course -- read
  npm run course -- read 3 --idea      the prose alone, for build mode
  npm run course -- read 3 --path      the file's path, to open it elsewhere
  npm run course -- read 3 --lang zh`,
    `例子：
  npm run course -- read
  npm run course -- read 3 --idea      只看文字，适合自建模式
  npm run course -- read 3 --path      只显示文件路径，方便在别处打开
  npm run course -- read 3 --lang en`,
  ],
  optPath: ['print the path of the file', '显示文件路径'],
  optIdea: ['without the code blocks', '不显示代码块'],
  readIdeaOnly: [
    'The steps that type code are left out, as you write your own. With them: {command}',
    '代码由你自己写，敲代码的步骤没有显示。连步骤一起读：{command}',
  ],
  optRaw: ['the Markdown as it is written', '显示 Markdown 原文'],
  optReadJs: ['blocks as JavaScript', '代码块显示为 JavaScript'],
  cmd_challenge: ['an extra task of a chapter, tested on your code', '某一章的挑战：用测试检验你的代码'],
  ex_challenge: [
    `Examples:
  npm run course -- challenge 0               which there are
  npm run course -- challenge 0 bytes-store   test this one`,
    `例子：
  npm run course -- challenge 0               看看有哪些
  npm run course -- challenge 0 bytes-store   测试其中一个`,
  ],
  argChallenge: ['name of the challenge', '挑战的名字'],
  noChallenges: ['Chapter {n} has no challenges.', '第 {n} 章没有挑战。'],
  challengesAre: ['Challenges of chapter {n}:', '第 {n} 章的挑战：'],
  noSuchChallenge: ['There is no challenge "{name}" here. There are: {known}', '这里没有挑战 “{name}”。有：{known}'],
  challengeDone: ['Done: {name}.', '完成：{name}。'],
  cmd_lab: [
    "the chapter's lab on your code: crashes it everywhere, and plays the smallest case that fails, frame by frame",
    '用你的代码做这一章的实验：让它在每一处崩溃，再把失败的最小情形一帧一帧放给你看',
  ],
  ex_lab: [
    `Examples:
  npm run course -- lab 7               on your code
  npm run course -- lab 7 --reference   on the reference, where it holds
  npm run course -- lab 7 --json        for programs`,
    `例子：
  npm run course -- lab 7               用你的代码
  npm run course -- lab 7 --reference   用参考实现（应当全部通过）
  npm run course -- lab 7 --json        给程序读的结果`,
  ],
  optReference: ['on the reference instead of your code', '用参考实现，而不是你的代码'],
  argLab: ['arguments of the lab', '实验的参数'],
  cmd_bench: [
    'your code beside the reference, in figures (they come with later chapters)',
    '你的代码与参考实现的跑分对比（后面的章节才有）',
  ],
  ex_bench: ['Example:\n  npm run course -- bench 13', '例子：\n  npm run course -- bench 13'],
  cmd_inspect: ['the bytes of a data directory, coloured by field', '按字段着色显示数据目录里的字节'],
  ex_inspect: [
    `Examples:
  npm run course -- inspect ./zerocask-data
  npm run course -- inspect ./zerocask-data --limit 5
  npm run course -- inspect ./zerocask-data --json`,
    `例子：
  npm run course -- inspect ./zerocask-data
  npm run course -- inspect ./zerocask-data --limit 5
  npm run course -- inspect ./zerocask-data --json`,
  ],
  argDirectory: ['a database directory', '数据库目录'],
  optLimit: ['records to show of each file (20)', '每个文件显示多少条记录（20）'],
  cmd_doctor: ['look at this machine and tell how to mend what is wrong', '检查这台机器，并说明怎样修好'],
  ex_doctor: ['Example:\n  npm run course -- doctor', '例子：\n  npm run course -- doctor'],

  // Welcome and progress
  welcome: [
    `Welcome. You will build a database with your own hands: a key-value store that keeps its data on disk and survives a crash, and then a Redis server on top of it.
There are {count} chapters. Each ends with a green test, and the last one ends with the very packages that this repository ships. You begin with an empty folder, and five minutes are enough for the first green.`,
    `你好，欢迎。接下来你会亲手造一个数据库：先是一个把数据存在磁盘上、断电也不怕的键值存储，再在它上面造一个 Redis 服务器。
一共 {count} 章，每一章都以一次“变绿”结束；学完最后一章，你手里的代码就是这个仓库发布的那两个包。从一个空文件夹开始，第一次变绿只要五分钟。`,
  ],
  howToStart: [
    `  Begin:             {start}
  Build it yourself: {build}
  In JavaScript:     {js}
  Check the machine: {doctor}
  中文：             {other}`,
    `  跟写模式开始：   {start}
  自建模式开始：   {build}
  使用 JavaScript：{js}
  检查这台机器：   {doctor}
  English:         {other}`,
  ],
  askMode: ['How would you like to learn? (arrow keys, Enter)', '你想怎么学？（方向键选择，回车确定）'],
  modeFollow: ['follow', '跟写'],
  modeFollowHint: ['type along, every line is explained', '跟着课文写，每一行都有讲解'],
  modeBuild: ['build', '自建'],
  modeBuildHint: ['signatures and tests are given, the rest is yours', '只给签名和测试，其余由你来造'],
  askCode: ['Which language will you write? (arrow keys, Enter)', '用哪种语言写？（方向键选择，回车确定）'],
  codeTsHint: ['as in the lessons', '和课文一致'],
  codeJsHint: ['the same code with the types left out', '同样的代码，去掉类型'],
  cancelled: ['Nothing was changed. Whenever you like: {command}', '什么都没有改动。想开始的时候：{command}'],
  homeLine: ['{folder} · {mode} · {code}', '{folder} · {mode} · {code}'],
  progress: ['{done} of {count} chapters', '已完成 {done} / {count} 章'],
  track_engine: ['The engine', '存储引擎'],
  track_ranges: ['The range store', '区间存储'],
  track_server: ['The Redis server', 'Redis 服务器'],
  coming: ['coming', '即将推出'],
  youAreHere: ['you are here', '你在这里'],
  laidReference: ['reference laid out', '用的是参考实现'],
  nextSteps: [
    `  Next, chapter {n}:
    read    {file}
            or here: {read}, or as a film: {play}
    check   {check}   (on every save: {watch})
    stuck?  {hint}
    all     {help}`,
    `  接下来，第 {n} 章：
    阅读    {file}
            或者在这里读：{read}，或者看放映：{play}
    检查    {check}（每次保存自动检查：{watch}）
    卡住了  {hint}
    全部    {help}`,
  ],
  endOfRoad: [
    'You have done every chapter that is written so far. The next ones are on their way; `git pull` brings them.',
    '已经写好的章节你全部完成了。后面的章节正在路上，git pull 就能拿到。',
  ],

  // Course and folder
  noFolder: ['There is no course folder yet. Begin with: {command}', '还没有课程文件夹。先运行：{command}'],
  noCourse: ['No chapters were found under {root}/chapters.', '在 {root}/chapters 下没有找到任何章节。'],
  courseBroken: ['The course itself has mistakes:\n{problems}', '课程本身有错误：\n{problems}'],
  chapterComing: [
    'Chapter {n}, "{title}", is not written yet; the newest is chapter {last}.',
    '第 {n} 章《{title}》还没有写好；目前最新的是第 {last} 章。',
  ],
  noSuchChapter: ['There is no chapter {n}: the course goes from 0 to {last}.', '没有第 {n} 章：课程从 0 到 {last}。'],
  checkpointComing: ['Chapter {n} has no checkpoint yet.', '第 {n} 章还没有检查点。'],
  lessonComing: ['The lesson of chapter {n} is not written yet.', '第 {n} 章的课文还没有写好。'],
  notAFolder: ['{folder} is not a folder.', '{folder} 不是文件夹。'],
  folderTaken: [
    '{folder} has files in it and is no course folder. Nothing was changed. Choose another place: {command}',
    '{folder} 里已有文件，又不是课程文件夹。什么都没有改动。请换一个位置：{command}',
  ],
  folderReady: ['Your project stands in {folder} ({git}).', '你的项目建好了：{folder}（{git}）。'],
  modeNow: ['The mode is {mode} from now on.', '从现在起是{mode}模式。'],
  alreadyOpen: ['Chapter {n} is open already.', '第 {n} 章已经打开了。'],
  folderGoesOn: ['Your project: {folder}', '你的项目：{folder}'],
  withGit: [
    'a git repository of its own; each green chapter becomes a commit',
    '自成一个 git 仓库，每一章变绿就提交一次',
  ],
  withoutGit: ['without git, which is fine', '没有 git，也完全可以'],
  otherLanguage: [
    'This folder is in the other language. Start a second one beside it: {command}',
    '这个文件夹用的是另一种语言。可以在旁边再建一个：{command}',
  ],
  notYet: [
    `Before chapter {n} come chapters that are not green yet: {open}.
  finish them:                {check}
  or take the reference:      {goto}`,
    `第 {n} 章之前还有没变绿的章节：{open}。
  把它们做完：     {check}
  或者用参考实现： {goto}`,
  ],
  chapterTitle: ['Chapter {n}: {title}', '第 {n} 章：{title}'],
  minutes: ['about {minutes} min', '约 {minutes} 分钟'],
  hours: ['about {hours} h', '约 {hours} 小时'],
  beginFollow: [
    `
  1. Read    {file}
             (here: {read}; as a film: {play})
  2. Type    its blocks into {folder}/   (or let the film do it: {apply})
  3. Check   {check}   or on every save: {watch}
     Stuck?  {hint}`,
    `
  1. 阅读    {file}
             （在终端里读：{read}；看放映：{play}）
  2. 写代码  把课文里的代码块写进 {folder}/（或让放映替你写：{apply}）
  3. 检查    {check}，或每次保存自动检查：{watch}
     卡住了  {hint}`,
  ],
  beginBuild: [
    `
  1. Read    {file}: the idea and the invariants; skip the code
             (here, without the code: {idea})
  2. Write   the bodies in {folder}/; shape the inside as you like
  3. Check   {check}   or on every save: {watch}
     Stuck?  {hint}`,
    `
  1. 阅读    {file}：看思路和不变式，代码可以跳过
             （在终端里读，不带代码：{idea}）
  2. 写代码  在 {folder}/ 里写函数体，内部怎么设计由你定
  3. 检查    {check}，或每次保存自动检查：{watch}
     卡住了  {hint}`,
  ],
  commandsThere: [
    '  The commands below work in that folder: cd {folder}',
    '  下面的命令在那个文件夹里运行：cd {folder}',
  ],
  laidGiven: ['  given      {files}', '  课程给出   {files}'],
  givenKept: [
    '  given, but you have your own and it stays: {files}',
    '  课程给出、但你已有自己的版本，保持不动：{files}',
  ],
  laidExperiments: ['  to run     {files}', '  可以运行   {files}'],
  laidStubs: ['  laid out   {files}', '  已铺好     {files}'],
  contractMissing: [
    '  to add     what these files get, with signatures and docs: {file}',
    '  还要加上   下面这些文件要添的东西，签名和说明都在 {file}：',
  ],
  contractHead: [
    `# Chapter {n}: what is added to files that you have
Signatures of what the checkpoint uses, in files for which no stubs are laid out. How the inside is built is yours.
`,
    `# 第 {n} 章：已有的文件里要加什么
检查点会用到的签名，所在的文件没有铺桩。内部怎么设计由你定。
`,
  ],
  contractHeadJs: [
    `# Chapter {n}: what is added to files that you have
Signatures of what the checkpoint uses, in files for which no stubs are laid out. The types say what goes in and what comes out;
in JavaScript you leave them out, and interfaces need not be written at all. How the inside is built is yours.
`,
    `# 第 {n} 章：已有的文件里要加什么
检查点会用到的签名，所在的文件没有铺桩。类型说明进去什么、出来什么；写 JavaScript 时把类型省掉，interface 完全不用写。
内部怎么设计由你定。
`,
  ],
  alsoChanges: ['  may change too, with no new names: {files}', '  没有新名字、但行为可能要改的：{files}'],
  labNext: ['Now try to break it: {command}', '现在试着把它弄坏：{command}'],
  secondRun: [
    'Chapter {n} was red in a first run and green in a second: a test that depends on time, or on chance.',
    '第 {n} 章第一遍是红的，第二遍是绿的：有测试跟时间或运气有关。',
  ],
  linked: ['  linked     {name} is your own code now', '  已链接     {name} 现在就是你自己的代码'],
  keptAside: ['Your versions are kept in {aside}/', '你的版本另存在 {aside}/'],

  // Checking
  missingFile: ['To write: {path}, which exports {names}.', '要写：{path}，它导出 {names}。'],
  missingFileOnly: ['To write: {path}.', '要写：{path}。'],
  missingNames: ['To write: {names}, exported from {path}.', '要写：{names}，由 {path} 导出。'],
  notExported: ['{path} declares {name} but does not export it.', '{path} 里有 {name}，但没有导出。'],
  misnamed: [
    '{path} exports {found}; the checkpoint wants {wanted}.',
    '{path} 导出的是 {found}，检查点要的是 {wanted}。',
  ],
  stillEmpty: ['Still empty: {names}.', '函数体还空着：{names}。'],
  exportWaits: ['It needs {name} from {path}, which is not written yet.', '它需要 {path} 里的 {name}，还没有写。'],
  stubWaits: ['{name} is still empty: write its body.', '{name} 还是空的：写上它的函数体。'],
  endless: ['It did not come to an end: look for an endless loop.', '它一直没有结束：找找有没有死循环。'],
  endlessLoading: [
    'A file does not come to an end while it is loaded: look for an endless loop outside of functions.',
    '有文件加载时一直没有结束：找找函数之外有没有死循环。',
  ],
  cannotLoad: ['A file cannot be loaded:', '有文件无法加载：'],
  importLeadsNowhere: ['{from} imports {wanted}, which is not there.', '{from} 导入了 {wanted}，但它不存在。'],
  expected: ['expected', '期望  '],
  yours: ['yours   ', '你的  '],
  bytesDiffer: ['The bytes differ first at byte {at} ({hex}):', '字节从第 {at} 个（{hex}）开始不同：'],
  bytesLength: ['Expected {expected} bytes, yours are {yours}.', '期望 {expected} 个字节，你的是 {yours} 个。'],
  errorCode: ['error code {code}', '错误码 {code}'],
  damageAt: ['in {file} at offset {offset}', '在 {file} 的偏移 {offset} 处'],
  damageFile: ['in {file}', '在 {file} 里'],
  historyTitle: ['What was done, in order:', '操作的先后：'],
  historyCut: ['  ... {count} earlier', '  ……前面还有 {count} 步'],
  yourLine: ['your code: {place}', '你的代码：{place}'],
  testLine: ['the test:  {place}', '测试：    {place}'],
  redNotWritten: ['Red is right here: this part is not written yet.', '现在红是应该的：这部分还没有写。'],
  redBeingBuilt: ['Red is normal while you build this chapter.', '这一章你还没写完，有红的很正常。'],
  redGuarded: [
    'This one is green from the start of the chapter: something it guards has broken.',
    '这一条从本章开始就该是绿的：它守护的东西被改坏了。',
  ],
  redWasGreen: ['This was green on {date}: a later change broke it.', '它在 {date} 是绿的：后来的改动把它弄坏了。'],
  redBroken: ['Red is not expected here: this chapter lies behind you.', '这里不该红：这一章已经在你身后了。'],
  moreRed: ['More that is red: {count}. Tell all: {command}', '还有 {count} 处是红的，全部显示：{command}'],
  allGreen: [
    'Green up to chapter {n}. Tests passed: {tests}, in {seconds} s.',
    '到第 {n} 章全部变绿：通过 {tests} 个测试，用时 {seconds} 秒。',
  ],
  committed: ['committed: {title}', '已提交：{title}'],
  backTo: ['The chapter in hand is {n}.', '当前是第 {n} 章。'],
  chapterOpens: ['Next, chapter {n}: {title} ({time}).', '接下来，第 {n} 章：{title}（{time}）。'],
  readHere: ['  read       {file}   or: {command}', '  阅读       {file}，或：{command}'],
  nextHint: ['Next: a hint with {hint}, or the lesson: {file}', '下一步：要提示用 {hint}，或回到课文：{file}'],
  nextRegression: [
    'Next: chapter {n} was green before. What has changed since the last green: {changes}',
    '下一步：第 {n} 章原来是绿的。上次变绿之后改了什么：{changes}',
  ],
  checkTime: ['checked in {seconds} s', '检查用时 {seconds} 秒'],

  // Watch
  watchKeys: [
    '\nwatching · Enter check  h hint  d diff  s solution  n next{bench}  q quit',
    '\n正在等待保存 · 回车 检查  h 提示  d 比较  s 参考实现  n 下一步{bench}  q 退出',
  ],
  watchBench: ['  b bench', '  b 跑分'],
  watchEnds: ['See you.', '下次见。'],

  // Hints
  hintTitle: ['Chapter {n} · {section} · hint {level} of {levels}', '第 {n} 章 · {section} · 提示 {level} / {levels}'],
  hintStale: [
    '\nYour files have changed since the last check, which this hint goes by: {check}',
    '\n上次检查之后你的文件又改过，这条提示说的是那次检查：{check}',
  ],
  hintMore: ['One level more: {command}', '再多说一层：{command}'],
  hintLast: [
    'That was the last hint. Compare: {diff}   the reference: {solve}',
    '这是最后一层提示。比较：{diff}　参考实现：{solve}',
  ],
  hintOthers: ['Other sections: {sections}   ({command})', '其他小节：{sections}　（{command}）'],
  hintGreen: ['Chapter {n} is green. A hint all the same: {command}', '第 {n} 章已经全绿。仍然想看提示：{command}'],
  noHints: ['Chapter {n} has no hints.', '第 {n} 章没有提示。'],
  noSuchSection: ['No section "{section}". There are: {known}', '没有 “{section}” 这一节。有：{known}'],

  // Diff and solve
  diffMine: ['yours', '你的'],
  diffReference: ['reference', '参考实现'],
  diffBefore: ['before', '之前'],
  diffAfter: ['after', '之后'],
  diffSame: ['Your files are the same as the reference of chapter {n}.', '你的文件与第 {n} 章的参考实现一致。'],
  diffNothing: ['Chapter {n} changes no code.', '第 {n} 章没有改动代码。'],
  diffNotBegun: ['not begun: {path} ({lines} lines)', '还没开始：{path}（{lines} 行）'],
  diffShowAll: ['To see these too: {command}', '连它们也显示：{command}'],
  diffNoFile: ['Chapter {n} has no file "{path}".', '第 {n} 章没有 “{path}” 这个文件。'],
  diffElsewhere: ['Chapter {n} has: {command}', '第 {n} 章有：{command}'],
  diffFirst: [
    `Chapter {n} is not green yet, and this shows its solution.
  a hint:               {hint}
  show it all the same: {force}`,
    `第 {n} 章还没有变绿，这里会显示它的答案。
  要提示：      {hint}
  仍然要显示：  {force}`,
  ],
  diffMeant: ['Did you mean "me"?', '你是想写 “me” 吗？'],
  diffLegend: ['- yours   + reference', '- 你的   + 参考实现'],
  solveFirst: [
    `Chapter {n} is not green yet, and finding it yourself is the better half of the fun.
  a hint:                  {hint}
  the reference all the same: {force}`,
    `第 {n} 章还没有变绿，自己找到答案才是最有意思的部分。
  要提示：          {hint}
  仍然想看参考实现：{force}`,
  ],
  solveWouldReplace: [
    `The reference of chapter {n} would replace files that you wrote:
{files}
Nothing was changed. To go on (they are kept in .course/aside/): {command}`,
    `第 {n} 章的参考实现会替换你写的这些文件：
{files}
什么都没有改动。要继续（它们会存到 .course/aside/）：{command}`,
  ],
  solveMissing: [
    'They import what your folder does not have yet: {names}. To bring it:',
    '它们还导入了你的文件夹里没有的文件：{names}。把它们取来：',
  ],
  solveSame: ['Your files already are the reference.', '你的文件已经和参考实现一样了。'],
  solveNext: ['Next: {check}   what the chapter changed: {diff}', '下一步：{check}　这一章改了什么：{diff}'],
  noSuchFile: [
    'Chapter {n} writes no file "{path}". It writes:\n  {known}',
    '第 {n} 章没有写 “{path}” 这个文件。它写的是：\n  {known}',
  ],

  // Goto
  gotoWouldReplace: [
    `Going to chapter {n} would replace files that you wrote:
{files}
Nothing was changed. To go on (they are kept in .course/aside/): {command}`,
    `进入第 {n} 章会替换你写的这些文件：
{files}
什么都没有改动。要继续（它们会存到 .course/aside/）：{command}`,
  ],
  gotoDone: [
    'The reference of everything before chapter {n} is laid out ({count} files).',
    '第 {n} 章之前的参考实现已铺好（{count} 个文件）。',
  ],

  // Play
  playTitle: ['{blocks} blocks of code', '共 {blocks} 块代码'],
  playKeys: ['any key: go on   f: typing on or off   q: stop', '任意键：继续　f：打字效果开关　q：停止'],
  playStopped: [
    'Stopped before block {block} of {total}. Go on: {command}',
    '停在第 {block} 块之前（共 {total} 块）。继续：{command}',
  ],
  playRemove: ['remove {path}', '删除 {path}'],
  playEnd: ['That is the lesson. Check yours: {check}', '课文放完了。检查你的代码：{check}'],
  applyInFollow: [
    '--apply is for follow mode; in build mode the code is yours. Switch with: {command}',
    '--apply 用于跟写模式；自建模式的代码由你来写。切换：{command}',
  ],
  applied: ['  -> written to {path}', '  -> 已写入 {path}'],
  appliedRemoval: ['  -> removed {path}', '  -> 已删除 {path}'],
  applyAlready: ['  -> already in {path}', '  -> {path} 里已经有了'],
  applyAlreadyRemoved: ['  -> {path} is gone already', '  -> {path} 已经不在了'],
  applySkipped: ['  -> yours differs and was left alone: {command}', '  -> 你的版本与课文不同，没有改动：{command}'],

  // Labs and benchmarks
  labDidNotRun: ['The lab could not run on this code: {error}', '这份代码跑不了这个实验：{error}'],
  noLab: ['Chapter {n} has no lab.', '第 {n} 章没有实验。'],
  labsAre: ['Chapters with one: {list}', '有实验的章节：{list}'],
  noLabsYet: ['No chapter has one yet.', '目前还没有哪一章有。'],
  noBench: ['Chapter {n} has no benchmark.', '第 {n} 章没有跑分。'],
  benchesAre: ['Chapters with one: {list}', '有跑分的章节：{list}'],
  noBenchYet: ['No chapter has one yet.', '目前还没有哪一章有。'],
  benchFailed: ['The benchmark failed on {target}.', '跑分在 {target} 上失败了。'],
  benchMine: ['yours', '你的'],
  benchReference: ['reference', '参考实现'],
  benchBest: ['  your best so far (before: {value} {unit})', '  你目前的最好成绩（之前：{value} {unit}）'],
  benchBestWas: ['  your best: {value} {unit}', '  你的最好成绩：{value} {unit}'],

  // Inspect
  noDirectory: ['{dir} is no directory.', '{dir} 不是目录。'],
  noDataFiles: ['{dir} has no data files (0000000001.data ...).', '{dir} 里没有数据文件（0000000001.data ……）。'],
  inspectLegend: ['fields:', '字段：'],
  inspectHeader: ['file id {id}, salt {salt}', '文件号 {id}，salt {salt}'],
  inspectFile: ['{size} bytes, records: {records}', '{size} 字节，{records} 条记录'],
  inspectBytes: ['... {count} bytes more', '……还有 {count} 字节'],
  inspectMore: ['... {count} more records (--limit)', '……还有 {count} 条记录（--limit）'],
  inspect_torn: [
    '@{offset} torn: the file ends before this record does ({left} bytes)',
    '@{offset} 残缺：文件在这条记录写完之前就结束了（{left} 字节）',
  ],
  inspect_corrupt: [
    '@{offset} corrupt: these bytes are no record ({left} bytes to the end)',
    '@{offset} 损坏：这些字节不是记录（到文件尾 {left} 字节）',
  ],
  inspect_zeroes: [
    '@{offset} zeroes to the end ({left} bytes): never written',
    '@{offset} 直到文件尾都是零（{left} 字节）：从未写过',
  ],
  inspect_header_torn: [
    '@{offset} torn: the file ends before its header does ({left} bytes)',
    '@{offset} 残缺：文件头还没写完，文件就结束了（{left} 字节）',
  ],
  inspect_header_corrupt: [
    '@{offset} corrupt: these bytes are no file header ({left} bytes to the end)',
    '@{offset} 损坏：这些字节不是文件头（到文件尾 {left} 字节）',
  ],
  inspectNextReadable: ['the next readable record begins at {offset}', '下一条可读的记录从 {offset} 开始'],
  inspectOthers: ['other files: {names}', '其他文件：{names}'],

  // Doctor
  doctorNode: ['Node {version} (the course needs {least} or newer)', 'Node {version}（课程需要 {least} 或更新）'],
  mendNode: [
    'install a newer one from https://nodejs.org, or: nvm install 22',
    '从 https://nodejs.org 安装新版本，或：nvm install 22',
  ],
  doctorPackages: ['the tools are installed', '工具都已安装'],
  doctorPackagesMissing: ['not installed: {names}', '尚未安装：{names}'],
  mendPackages: ['in the clone: npm ci', '在仓库里运行：npm ci'],
  doctorNoGit: ['git is not installed; the course works without it', '没有安装 git；课程没有它也能进行'],
  mendGit: [
    'with git each green chapter becomes a commit: https://git-scm.com',
    '有了 git，每一章变绿都会成为一次提交：https://git-scm.com',
  ],
  doctorPortFree: ['port {port} is free', '端口 {port} 空闲'],
  doctorPortTaken: [
    'port {port} is taken ({code}), perhaps by a Redis server',
    '端口 {port} 被占用（{code}），也许是一个 Redis 服务器',
  ],
  mendPort: [
    'needed from chapter 22 on; choose another: npm start -- --port {port}',
    '第 22 章起才需要；可以换一个：npm start -- --port {port}',
  ],
  thisFolder: ['this folder', '当前目录'],
  doctorDisk: ['{free} GiB free in {place}', '{place}剩余 {free} GiB'],
  mendDisk: [
    'the labs write up to 512 MiB: free some space, or use --dir on another disk',
    '实验最多写 512 MiB：请腾出空间，或用 --dir 换一个磁盘',
  ],
  doctorUnknown: ['could not look at {what}: {reason}', '无法检查 {what}：{reason}'],
  doctorWrite: ['{place} can be written', '{place}可以写入'],
  doctorNoWrite: ['{place} cannot be written ({code})', '{place}不能写入（{code}）'],
  mendWrite: [
    'change its owner or rights, or choose another folder with --dir',
    '修改它的属主或权限，或用 --dir 换一个文件夹',
  ],
  doctorSync: ['a write reaches this disk in {time} ms (fdatasync)', '一次写入落到这块磁盘要 {time} 毫秒（fdatasync）'],
  doctorPipe: ['no terminal here: plain text, no questions', '这里不是终端：输出纯文本，不提问'],
  doctorTerminal: ['terminal with {columns} columns', '终端宽 {columns} 列'],
  mendTerminal: ['80 columns show code without breaks', '有 80 列，代码就不会折行'],
  doctorNoFolder: ['no course folder yet ({place})', '还没有课程文件夹（{place}）'],
  doctorFolder: ['course folder {place}, chapter {chapter}', '课程文件夹 {place}，第 {chapter} 章'],
  mendState: [
    'The file .course.json is damaged. `git checkout .course.json` in your folder brings back the last good one; or move it away and run `start` with --dir on a new folder.',
    '.course.json 文件损坏了。在你的文件夹里运行 git checkout .course.json 可以取回上一个好的版本；或者把它移走，用 start --dir 另建一个文件夹。',
  ],
  doctorWell: ['All is well.', '一切正常。'],
  doctorIll: ['{count} to fix before you begin.', '开始之前有 {count} 处要修。'],

  // The learner's own project
  launcherNoTools: ['Run `npm install` in this folder first.', '请先在这个文件夹里运行 npm install。'],
  launcherNoServer: [
    'There is no server yet: redis-compat/src/cli comes with chapter {chapter}. Until then: npm test',
    '还没有服务器：redis-compat/src/cli 从第 {chapter} 章开始出现。在那之前：npm test',
  ],
  launcherNoCourse: [
    'The course program lives in the clone of Zerocask, which is not beside this folder. Set ZEROCASK_CLONE to its path. `npm test` works without it.',
    '课程程序在 Zerocask 的仓库里，但它不在这个文件夹旁边。请把 ZEROCASK_CLONE 设为仓库路径。npm test 不需要它。',
  ],
  projectReadme: [
    `# {name}

My own key-value store, built chapter by chapter with the Zerocask course.

- \`npm test\` runs the checkpoints up to the chapter I am at; \`npm run course\` shows where I am.
- \`npm start\` starts my server, once there is one.
- The lessons are in the clone: \`{course}/chapters/NN-name/README.md\`.
- \`engine/src\`, \`redis-compat/src\` and \`sketch\` are mine. \`checkpoints/\` holds copies of the course's tests;
  \`.course/\` holds the launcher, and in \`.course/aside/\` whatever of mine was ever replaced.

This folder is a project of its own: move it anywhere, run \`npm install\`, and \`npm test\` works without the clone.
`,
    `# {name}

我自己的键值存储，跟着 Zerocask 课程一章一章造出来的。

- \`npm test\` 运行到当前章为止的检查点；\`npm run course\` 显示我学到了哪里。
- \`npm start\` 启动我的服务器（有了服务器以后）。
- 课文在仓库里：\`{course}/chapters/NN-name/README.zh.md\`。
- \`engine/src\`、\`redis-compat/src\` 和 \`sketch\` 是我的代码。\`checkpoints/\` 是课程测试的副本；
  \`.course/\` 放启动脚本，凡是替换过的我的文件都留在 \`.course/aside/\`。

这个文件夹自成一个项目：搬到哪里都行，运行 \`npm install\`，不需要仓库也能 \`npm test\`。
`,
  ],
} as const satisfies Record<string, readonly [en: string, zh: string]>;

export type MessageKey = keyof typeof MESSAGES;

/** Every key, for the test that both languages use the same parameters. */
export const messageKeys = Object.keys(MESSAGES) as MessageKey[];

export function speak(lang: Language, key: MessageKey, params: Params = {}): string {
  const [en, zh] = MESSAGES[key];
  return (lang === 'zh' ? zh : en).replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}
