/**
 * Error replies, word for word as Redis 7.2 says them: clients and libraries match on these texts. Each begins with its
 * class (ERR, WRONGTYPE, ...) and has neither the leading '-' nor the line end, which the reply writer adds.
 */

/** Thrown below a handler; dispatch takes back what was written of the reply and answers `message`. */
export class ReplyError extends Error {
  override readonly name: string = 'ReplyError';
}

export const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
export const SYNTAX_ERROR = 'ERR syntax error';
export const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
export const NOT_POSITIVE = 'ERR value is out of range, must be positive';
export const NOT_A_FLOAT = 'ERR value is not a valid float';
export const NAN_OR_INFINITY = 'ERR increment would produce NaN or Infinity';
export const OVERFLOW = 'ERR increment or decrement would overflow';
export const NO_SUCH_KEY = 'ERR no such key';
export const SAME_OBJECT = 'ERR source and destination objects are the same';
export const INDEX_OUT_OF_RANGE = 'ERR index out of range';
export const OFFSET_OUT_OF_RANGE = 'ERR offset is out of range';
export const STRING_TOO_LARGE = 'ERR string exceeds maximum allowed size (proto-max-bulk-len)';
export const BIT_OFFSET = 'ERR bit offset is not an integer or out of range';
export const BIT_VALUE = 'ERR bit is not an integer or out of range';
export const INVALID_CURSOR = 'ERR invalid cursor';
export const DB_INDEX_OUT_OF_RANGE = 'ERR DB index is out of range';
export const INVALID_DB_INDEX = 'ERR invalid DB index';
export const BUSY_KEY = 'BUSYKEY Target key name already exists.';
export const NO_AUTH = 'NOAUTH Authentication required.';
export const WRONG_PASSWORD = 'WRONGPASS invalid username-password pair or user is disabled.';
export const NO_PROTO = 'NOPROTO unsupported protocol version';
export const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
export const MAX_CLIENTS = 'ERR max number of clients reached';
export const EXEC_ABORT = 'EXECABORT Transaction discarded because of previous errors.';

/** The wrong number of arguments; `name` is the full name in lower case, `config|get` for a subcommand. */
export const wrongArity = (name: string): string => `ERR wrong number of arguments for '${name}' command`;

/** An expiry that is zero, negative or beyond what the clock can say; `name` is the command's name in lower case. */
export const invalidExpire = (name: string): string => `ERR invalid expire time in '${name}' command`;

/** No such subcommand; `command` is the container's name in upper case. */
export const unknownSubcommand = (subcommand: string, command: string): string =>
  `ERR unknown subcommand '${subcommand.slice(0, 128)}'. Try ${command} HELP.`;

/** A write while the log cannot be appended to; `reason` is what the disk said. */
export const cannotPersist = (reason: string): string => `MISCONF Errors writing to the AOF file: ${reason}`;

/** Where the arguments quoted by {@link unknownCommand} stop. */
const QUOTED_ARGUMENTS_SIZE = 128;

/** No such command; quotes the first arguments as Redis does. */
export function unknownCommand(name: string, args: readonly string[]): string {
  let quoted = '';
  for (const arg of args) {
    if (quoted.length >= QUOTED_ARGUMENTS_SIZE) break;
    quoted += `'${arg.slice(0, QUOTED_ARGUMENTS_SIZE - quoted.length)}' `;
  }
  return `ERR unknown command '${name.slice(0, 128)}', with args beginning with: ${quoted}`;
}
