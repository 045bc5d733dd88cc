/**
 * The command line: `zerocask-redis [FILE] [--name value ...]`, with redis.conf's parameters as options.
 *
 * Invariants: (1) what goes wrong at the start is one line that says what to do, and exit status 1;
 *             (2) SIGTERM and SIGINT finish the turn, sync and close: exit status 0;
 *             (3) nothing is asked, and nothing is read from standard input.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ZEROCASK_VERSION } from './commands/state.ts';
import { Config, ConfigError } from './config.ts';
import { parseConfigFile, parseOptions } from './config-file.ts';
import { type RedisServer, start } from './server.ts';

const HELP = `zerocask-redis ${ZEROCASK_VERSION}: a server that speaks Redis and keeps its data on disk.

Usage: zerocask-redis [FILE] [--OPTION VALUE ...]

FILE is a redis.conf. Every parameter of redis.conf is an option too:
  --port N                            where to listen (6379; 0: any free port)
  --bind ADDRESS ...                  on which addresses (127.0.0.1)
  --dir PATH                          where the data is kept (./zerocask-data)
  --appendfsync always|everysec|no    when an answered write is on the disk (everysec)
  --requirepass PASSWORD              ask clients for a password
  --help, --version

Examples:
  npm start
  npm start -- --port 6380 --dir /var/lib/zerocask --appendfsync always
  zerocask-redis zerocask.conf --requirepass "a long secret"
`;

/** What an answered write has survived, by the level of \`appendfsync\`. */
const DURABILITY: Readonly<Record<string, string>> = {
  always: 'always: a write is answered when it is on the disk; it survives a power cut',
  everysec: 'everysec: an answered write survives a crash of this program; a power cut may take the last second',
  no: 'no: an answered write survives a crash of this program; the system decides when it reaches the disk',
};

/** The problem in one line, and how to get on. */
class StartError extends Error {}

async function main(words: readonly string[]): Promise<void> {
  if (words.includes('--help') || words.includes('-h')) return void process.stdout.write(HELP);
  if (words.includes('--version') || words.includes('-v'))
    return void process.stdout.write(`zerocask-redis ${ZEROCASK_VERSION}\n`);
  const config = readConfig(words);
  const server = await start({ config }).catch((error: unknown) => {
    throw explainStart(error, config);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void server.stop().catch(() => {}));
  greet(server);
  await server.stopped;
}

function readConfig(words: readonly string[]): Config {
  const config = new Config();
  const [file, ...rest] = words;
  try {
    if (file !== undefined && !file.startsWith('--')) {
      config.file = resolve(file);
      config.load(
        parseConfigFile(readFile(file), (number, line) =>
          fail(`line ${number} of ${file} has unbalanced quotes: ${line}`),
        ),
      );
      config.load(parseOptions(checkOptions(rest)));
    } else config.load(parseOptions(checkOptions(words)));
  } catch (error) {
    throw error instanceof ConfigError ? explainSetting(error) : error;
  }
  return config;
}

function checkOptions(words: readonly string[]): readonly string[] {
  if (words.length > 0 && !words[0]!.startsWith('--'))
    fail(`'${words[0]}' is no option: options begin with '--'; see --help`);
  return words;
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return fail(
      `the configuration file ${file} cannot be read (${codeOf(error)}): give the path of a redis.conf, or options only; see --help`,
    );
  }
}

function fail(message: string): never {
  throw new StartError(message);
}

function explainSetting({ parameter, reason, message }: ConfigError): StartError {
  if (reason === 'unknown')
    return new StartError(`unknown option '--${parameter}': it is none of redis.conf's parameters; see --help`);
  return new StartError(`the value of '--${parameter}' will not do: ${message}; see --help`);
}

/** What the system said, as a person would put it. */
function explainStart(error: unknown, config: Config): Error {
  const port = config.number('port');
  const directory = resolve(config.text('dir'));
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new StartError(
        `port ${port} is taken by another program: stop it, or choose another port: npm start -- --port ${port === 65535 ? 6379 : port + 1}`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartError(
        `'${config.text('bind')}' is no address of this machine: choose another with --bind, for example --bind 127.0.0.1`,
      );
    case 'LOCKED':
      return new StartError(
        `the data directory ${directory} is in use by another process: stop it, or choose another directory with --dir PATH`,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      if ((error as NodeJS.ErrnoException).syscall === 'listen') {
        return new StartError(`this user may not listen on port ${port}: choose one above 1023 with --port`);
      }
      return new StartError(
        `the data directory ${directory} cannot be written by this user: change its owner, or choose another with --dir PATH`,
      );
    case 'ENOENT':
      return new StartError(`the data directory ${directory} cannot be made there: choose another with --dir PATH`);
    case 'INVALID_ARGUMENT':
    case 'ENOTDIR':
    case 'EEXIST':
      return new StartError(
        `the data directory ${directory} cannot be made, because a file is in its way: choose another with --dir PATH`,
      );
    case 'DISK_FULL':
    case 'ENOSPC':
      return new StartError(
        `the disk of the data directory ${directory} is full: make room, or choose another with --dir PATH`,
      );
    case 'CORRUPT':
      return new StartError(
        `${(error as Error).message}. Nothing was changed; restore ${directory} from a backup, or keep it and start with another --dir PATH`,
      );
    case 'NEWER_FORMAT':
      return new StartError(
        `the data directory ${directory} was written by a newer version: ${(error as Error).message}`,
      );
    default:
      return error as Error;
  }
}

/** The code of the error, or that of the first cause which has a system's code. */
function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: string; cause?: unknown };
  const inner = cause === undefined ? '' : codeOf(cause);
  return code === undefined || (code === 'IO' && inner !== '') ? inner : code;
}

function greet(server: RedisServer): void {
  const { config, host, port } = server;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  const clientOptions = host === '127.0.0.1' || host === '0.0.0.0' ? `-p ${port}` : `-h ${host} -p ${port}`;
  const lines = [
    `Zerocask ${ZEROCASK_VERSION} speaks Redis on ${shownHost}:${port}`,
    `  try it:      redis-cli ${clientOptions} set greeting hello`,
    `  data:        ${config.text('dir')}`,
    `  durability:  ${DURABILITY[config.text('appendfsync')]}`,
    '  the course:  npm run course',
    ...server.database.report.warnings.map(warning => `  warning:     ${warning}`),
    ` PID: ${process.pid}`,
    'Server initialized',
    'Ready to accept connections',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Redirected output that nobody reads any more is no reason to die. */
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

main(process.argv.slice(2)).catch((error: unknown) => {
  const plain = error instanceof StartError || (error instanceof Error && error.name === 'EngineError');
  console.error(plain ? `zerocask-redis: ${(error as Error).message}` : error);
  process.exitCode = 1;
});
