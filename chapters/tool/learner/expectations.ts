/**
 * What vitest says of a comparison that has no two values to put above each other, `expected 2996 to be less than 100`, as
 * what was expected and what came, in the learner's language. Pure. A sentence that is not known here stays as it is.
 */
import type { Language } from './language.ts';

export interface Expectation {
  readonly expected: string;
  readonly yours: string;
}

type Words = readonly [en: string, zh: string];

/** What follows `expected VALUE`, and how we say it; `$1` and `$2` are what the expression caught. */
const FORMS: ReadonlyArray<readonly [RegExp, Words, yours?: Words]> = [
  [/^to be less than or equal to (.+)$/, ['at most $1', '不大于 $1']],
  [/^to be greater than or equal to (.+)$/, ['at least $1', '不小于 $1']],
  [/^to be less than (.+)$/, ['less than $1', '小于 $1']],
  [/^to be greater than (.+)$/, ['more than $1', '大于 $1']],
  [/^to be (?:at most|below) (.+)$/, ['at most $1', '不大于 $1']],
  [/^to be close to (.+?),.*$/, ['about $1', '约等于 $1']],
  [/^not to be (.+?)(?: \/\/ .*)?$/, ['anything but $1', '不是 $1']],
  [/^to not (?:deeply |strictly )?equal (.+)$/, ['anything but $1', '不等于 $1']],
  [/^to be defined$/, ['any value', '有值']],
  [/^to be (truthy|falsy|undefined|null|NaN)$/, ['$1', '$1']],
  [/^to (?:include|contain) (.+)$/, ['something that holds $1', '包含 $1']],
  [/^to not (?:include|contain) (.+)$/, ['nothing that holds $1', '不包含 $1']],
  [/^to match (\/.+)$/, ['text that matches $1', '匹配 $1']],
  [/^to be (?:an )?instance of (.+)$/, ['an instance of $1', '$1 的实例']],
  [/^to have (?:a |property )?length (?:of )?(\S+) but got (\S+)$/, ['length $1', '长度 $1'], ['length $2', '长度 $2']],
  [/^to have property (\S+)$/, ['with the property $1', '带有属性 $1']],
  [
    /^to throw (?:an )?error (?:including|matching) (.+) but got (.+)$/,
    ['an error with $1', '抛出含 $1 的错误'],
    ['$2', '$2'],
  ],
  [
    /^to throw error (?:including|matching) (.+)$/,
    ['an error with $1', '抛出含 $1 的错误'],
    ['nothing was thrown', '没有抛出错误'],
  ],
  [
    /^to throw(?: an)?(?: error)?(?:, but it didn't)?$/,
    ['an error', '抛出错误'],
    ['nothing was thrown', '没有抛出错误'],
  ],
  [/^to not throw(?: an)? error but (.+) was thrown$/, ['no error', '不抛出错误'], ['$1', '$1']],
];

const PROMISES: ReadonlyArray<readonly [RegExp, Words, Words]> = [
  [/^promise resolved "([\s\S]*)" instead of rejecting$/, ['it fails', '应当失败'], ['it gave $1', '得到了 $1']],
  [/^promise rejected "([\s\S]*)" instead of resolving$/, ['it succeeds', '应当成功'], ['it failed: $1', '失败了：$1']],
];

/** The sentence as two values; undefined when it is none that we know. `actual`: the value that came, in full. */
export function sayExpectation(lang: Language, message: string, actual?: string): Expectation | undefined {
  const at = lang === 'zh' ? 1 : 0;
  for (const [form, expected, yours] of PROMISES) {
    const found = form.exec(message);
    if (found !== null) return { expected: filled(expected[at], found), yours: filled(yours[at], found) };
  }
  const sentence = /^(?:[\s\S]*?: )?expected (.+?) ((?:not )?to .+)$/.exec(message);
  if (sentence === null) return undefined;
  const [, value = '', rest = ''] = sentence;
  for (const [form, expected, yours] of FORMS) {
    const found = form.exec(rest);
    if (found === null) continue;
    return {
      expected: filled(expected[at], found),
      yours: yours === undefined ? (actual ?? value) : filled(yours[at], found),
    };
  }
  return undefined;
}

const filled = (words: string, found: RegExpExecArray): string =>
  words.replace(/\$(\d)/g, (_, group: string) => found[Number(group)] ?? '');
