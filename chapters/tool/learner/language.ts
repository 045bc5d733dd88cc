/**
 * Which language the program speaks: `--lang`, else what the learner's folder remembers, else the terminal's locale.
 */
export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

export const isLanguage = (text: unknown): text is Language => LANGUAGES.some(language => language === text);

/** The language of a POSIX locale such as `zh_CN.UTF-8`; English for anything that is not Chinese. */
export function languageOfLocale(env: NodeJS.ProcessEnv): Language {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || env['LANGUAGE'] || systemLocale();
  return /^zh/i.test(locale) ? 'zh' : 'en';
}

// Windows sets no LANG; Intl knows the system's language there.
const systemLocale = (): string => Intl.DateTimeFormat().resolvedOptions().locale;

/** `--lang zh` or `--lang=zh` among raw arguments. Help needs it before the arguments are parsed. */
export function languageOfArguments(args: readonly string[]): Language | undefined {
  const at = args.findIndex(arg => arg === '--lang' || arg.startsWith('--lang='));
  if (at < 0) return undefined;
  const arg = args[at]!;
  const value = arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : args[at + 1];
  return isLanguage(value) ? value : undefined;
}

/** Several things in one line, with the comma of the language. */
export const listed = (lang: Language, all: Iterable<string>): string => [...all].join(lang === 'zh' ? '、' : ', ');
