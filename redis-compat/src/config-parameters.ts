/**
 * Every parameter of redis.conf that this server knows: its kind, default, bounds, and whether it may change while running.
 * Parameters that mean nothing here (replication, clustering, jemalloc) are known all the same, with Redis's defaults and
 * bounds, because tools and client libraries read and set them; `effect: 'none'` says so.
 *
 * Source: `redis.conf` and `src/config.c` of Redis 7.2.
 */

/** What a value may be. Texts of several words (`bind`, `save`) are kept joined by one space. */
export type ParameterKind = 'bool' | 'integer' | 'memory' | 'octal' | 'enum' | 'text' | 'words';

/** One parameter. */
export interface Parameter {
  readonly kind: ParameterKind;
  /** In the form in which CONFIG GET shows it. */
  readonly default: string;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  /** May not be set while the server runs; 'here': Redis could change it, we cannot, so only the value it has is accepted. */
  readonly immutable?: true | 'here';
  /** Found by its exact name only, never by a pattern. */
  readonly hidden?: true;
  /** An older name under which it is found too. */
  readonly alias?: string;
  /** Accepted and shown, but nothing here depends on it. */
  readonly effect?: 'none';
  /** A further check; the answer is the error. */
  readonly check?: (value: string) => string | undefined;
}

const INT_MAX = 2 ** 31 - 1;
const UINT_MAX = 2 ** 32 - 1;
const KIB = 1024;
const MIB = 1024 * KIB;

type Extra = Partial<Parameter>;
const none = { effect: 'none' } as const;
const fixed = { immutable: true } as const;
const fixedHere = { immutable: 'here' } as const;
const bool = (value: boolean, extra: Extra = {}): Parameter => ({
  kind: 'bool',
  default: value ? 'yes' : 'no',
  ...extra,
});
const integer = (value: number, min: number, max: number, extra: Extra = {}): Parameter => ({
  kind: 'integer',
  default: String(value),
  min,
  max,
  ...extra,
});
const memory = (value: number, min: number, extra: Extra = {}): Parameter => ({
  kind: 'memory',
  default: String(value),
  min,
  max: Number.MAX_SAFE_INTEGER,
  ...extra,
});
const oneOf = (value: string, values: readonly string[], extra: Extra = {}): Parameter => ({
  kind: 'enum',
  default: value,
  values,
  ...extra,
});
const text = (value = '', extra: Extra = {}): Parameter => ({ kind: 'text', default: value, ...extra });
const words = (value: string, extra: Extra = {}): Parameter => ({ kind: 'words', default: value, ...extra });
const count = (value: number, extra: Extra = {}): Parameter => integer(value, 0, Number.MAX_SAFE_INTEGER, extra);

/** `save`: pairs of seconds and changes. */
function checkSave(value: string): string | undefined {
  const numbers = value === '' ? [] : value.split(' ');
  const good = numbers.every((word, i) => /^\d+$/.test(word) && Number(word) >= (i % 2 === 0 ? 1 : 0));
  return good && numbers.length % 2 === 0 ? undefined : 'Invalid save parameters';
}

/** `client-output-buffer-limit`: class, hard limit, soft limit, seconds; again for further classes. */
function checkOutputLimits(value: string): string | undefined {
  const parts = value.split(' ');
  if (parts.length % 4 !== 0) return 'Wrong number of arguments in buffer limit configuration.';
  for (let i = 0; i < parts.length; i += 4) {
    if (!['normal', 'slave', 'replica', 'pubsub'].includes(parts[i]!.toLowerCase())) {
      return 'Invalid client class specified in buffer limit configuration.';
    }
    const sizes = [parseMemory(parts[i + 1]!), parseMemory(parts[i + 2]!)];
    if (sizes.includes(undefined) || !/^\d+$/.test(parts[i + 3]!))
      return 'Error in hard, soft or soft_seconds setting in buffer limit configuration.';
  }
  return undefined;
}

function checkOomScores(value: string): string | undefined {
  const scores = value.split(' ');
  if (scores.length !== 3) return 'wrong number of arguments';
  const good = scores.every(score => /^-?\d+$/.test(score) && Math.abs(Number(score)) <= 2000);
  return good ? undefined : 'Invalid oom-score-adj-values, elements must be between -2000 and 2000.';
}

const checkEvents = (value: string): string | undefined =>
  /^[Ag$lshzxeKEtmdn]*$/.test(value) ? undefined : "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";

const checkPercentiles = (value: string): string | undefined =>
  value === '' || value.split(' ').every(word => Number(word) >= 0 && Number(word) <= 100)
    ? undefined
    : 'latency-tracking-info-percentiles should consist of floating point values between 0.0 and 100.0';

/** Bytes, with the units of redis.conf: `k` is 1000, `kb` 1024, in any case. Undefined when it is no size. */
export function parseMemory(value: string): number | undefined {
  const match = /^(\d+)(b|k|kb|m|mb|g|gb)?$/i.exec(value);
  if (match === null) return undefined;
  const units: Readonly<Record<string, number>> = { b: 1, k: 1e3, kb: KIB, m: 1e6, mb: MIB, g: 1e9, gb: 1024 * MIB };
  return Number(match[1]) * units[(match[2] ?? 'b').toLowerCase()]!;
}

const EVICTION_POLICIES = [
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'noeviction',
];
const SYSLOG_FACILITIES = ['user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'];
const WHO_MAY = ['no', 'yes', 'local'];
const ON_SIGNAL = ['default', 'save', 'nosave', 'now', 'force'];

/** All parameters by name. */
export const PARAMETERS: Readonly<Record<string, Parameter>> = {
  // Network
  bind: words('127.0.0.1', fixedHere),
  port: integer(6379, 0, 65535, fixedHere),
  'tcp-backlog': integer(511, 0, INT_MAX, fixed),
  'tcp-keepalive': integer(300, 0, INT_MAX),
  timeout: integer(0, 0, INT_MAX),
  'protected-mode': bool(true),
  unixsocket: text('', { ...fixed, ...none }),
  unixsocketperm: { kind: 'octal', default: '0', min: 0, max: 0o777, ...fixed, ...none },
  'bind-source-addr': text('', none),
  'socket-mark-id': integer(0, 0, UINT_MAX, { ...fixed, ...none }),
  maxclients: integer(10000, 1, UINT_MAX),
  'proto-max-bulk-len': memory(512 * MIB, MIB),
  'client-query-buffer-limit': memory(1024 * MIB, MIB),
  'client-output-buffer-limit': words('normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60', {
    check: checkOutputLimits,
  }),
  'maxmemory-clients': memory(0, -100, none),

  // Who may do what
  requirepass: text(),
  aclfile: text('', { ...fixed, ...none }),
  'acllog-max-len': count(128, none),
  'acl-pubsub-default': oneOf('resetchannels', ['allchannels', 'resetchannels'], none),
  'enable-protected-configs': oneOf('no', WHO_MAY, { ...fixed, ...none }),
  'enable-debug-command': oneOf('no', WHO_MAY, fixed),
  'enable-module-command': oneOf('no', WHO_MAY, { ...fixed, ...none }),

  // Data and durability
  dir: text('./zerocask-data', fixedHere),
  databases: integer(16, 1, 16384, fixed),
  appendonly: bool(true),
  appendfsync: oneOf('everysec', ['everysec', 'always', 'no']),
  // These two are ours: a data file is followed by a new one at this size; memory for values read lately.
  'max-data-file-size': memory(256 * MIB, 64 * KIB, fixedHere),
  'value-cache-size': memory(32 * MIB, 0, fixedHere),
  save: words('', { check: checkSave, ...none }),
  dbfilename: text('dump.rdb', none),
  appendfilename: text('appendonly.aof', { ...fixed, ...none }),
  appenddirname: text('appendonlydir', { ...fixed, ...none }),
  'auto-aof-rewrite-percentage': integer(100, 0, INT_MAX, none),
  'auto-aof-rewrite-min-size': memory(64 * MIB, 0, none),
  'no-appendfsync-on-rewrite': bool(false, none),
  'aof-rewrite-incremental-fsync': bool(true, none),
  'aof-load-truncated': bool(true, none),
  'aof-use-rdb-preamble': bool(true, none),
  'aof-timestamp-enabled': bool(false, none),
  'aof-disable-auto-gc': bool(false, { hidden: true, ...none }),
  'stop-writes-on-bgsave-error': bool(true, none),
  rdbcompression: bool(true, none),
  rdbchecksum: bool(true, { ...fixed, ...none }),
  'rdb-del-sync-files': bool(false, none),
  'rdb-save-incremental-fsync': bool(true, none),
  'rdb-key-save-delay': integer(0, -INT_MAX - 1, INT_MAX, { hidden: true, ...none }),
  'key-load-delay': integer(0, -INT_MAX - 1, INT_MAX, { hidden: true, ...none }),
  'loading-process-events-interval-bytes': integer(2 * MIB, 1024, INT_MAX, { hidden: true, ...none }),
  'sanitize-dump-payload': oneOf('no', ['no', 'yes', 'clients'], none),

  // Memory
  maxmemory: memory(0, 0),
  'maxmemory-policy': oneOf('noeviction', EVICTION_POLICIES, none),
  'maxmemory-samples': integer(5, 1, INT_MAX, none),
  'maxmemory-eviction-tenacity': integer(10, 0, 100, none),
  'lfu-log-factor': integer(10, 0, INT_MAX, none),
  'lfu-decay-time': integer(1, 0, INT_MAX, none),
  'lazyfree-lazy-eviction': bool(false, none),
  'lazyfree-lazy-expire': bool(false, none),
  'lazyfree-lazy-server-del': bool(false, none),
  'lazyfree-lazy-user-del': bool(false, none),
  'lazyfree-lazy-user-flush': bool(false, none),
  activedefrag: bool(false, none),
  'active-defrag-ignore-bytes': memory(100 * MIB, 1, none),
  'active-defrag-threshold-lower': integer(10, 0, 1000, none),
  'active-defrag-threshold-upper': integer(100, 0, 1000, none),
  'active-defrag-cycle-min': integer(1, 1, 99, none),
  'active-defrag-cycle-max': integer(25, 1, 99, none),
  'active-defrag-max-scan-fields': integer(1000, 1, Number.MAX_SAFE_INTEGER, none),
  'active-expire-effort': integer(1, 1, 10, none),
  activerehashing: bool(true, none),
  'jemalloc-bg-thread': bool(true, none),
  'disable-thp': bool(true, { ...fixed, ...none }),

  // What OBJECT ENCODING says
  'hash-max-listpack-entries': count(512, { alias: 'hash-max-ziplist-entries' }),
  'hash-max-listpack-value': memory(64, 0, { alias: 'hash-max-ziplist-value' }),
  'list-max-listpack-size': integer(-2, -INT_MAX - 1, INT_MAX, { alias: 'list-max-ziplist-size' }),
  'list-compress-depth': integer(0, 0, INT_MAX),
  'set-max-intset-entries': count(512),
  'set-max-listpack-entries': count(128),
  'set-max-listpack-value': count(64),
  'zset-max-listpack-entries': count(128, { alias: 'zset-max-ziplist-entries' }),
  'zset-max-listpack-value': memory(64, 0, { alias: 'zset-max-ziplist-value' }),
  'hll-sparse-max-bytes': memory(3000, 0),
  'stream-node-max-bytes': memory(4096, 0),
  'stream-node-max-entries': count(100),

  // Observation
  loglevel: oneOf('notice', ['debug', 'verbose', 'notice', 'warning', 'nothing']),
  logfile: text('', { ...fixed, ...none }),
  'slowlog-log-slower-than': integer(10000, -1, Number.MAX_SAFE_INTEGER),
  'slowlog-max-len': count(128),
  'latency-monitor-threshold': count(0),
  'latency-tracking': bool(true),
  'latency-tracking-info-percentiles': words('50 99 99.9', { check: checkPercentiles }),
  'notify-keyspace-events': text('', { check: checkEvents }),
  'tracking-table-max-keys': count(1000000),
  'busy-reply-threshold': count(5000, { alias: 'lua-time-limit' }),
  'locale-collate': text('', none),
  'propagation-error-behavior': oneOf('ignore', ['ignore', 'panic', 'panic-on-replicas'], none),

  // The process
  daemonize: bool(false, { ...fixed, ...none }),
  supervised: oneOf('no', ['upstart', 'systemd', 'auto', 'no'], { ...fixed, ...none }),
  pidfile: text('', { ...fixed, ...none }),
  'always-show-logo': bool(false, { ...fixed, ...none }),
  'set-proc-title': bool(true, { ...fixed, ...none }),
  'proc-title-template': text('{title} {listen-addr} {server-mode}', none),
  'syslog-enabled': bool(false, { ...fixed, ...none }),
  'syslog-ident': text('redis', { ...fixed, ...none }),
  'syslog-facility': oneOf('local0', SYSLOG_FACILITIES, { ...fixed, ...none }),
  'shutdown-timeout': integer(10, 0, INT_MAX, none),
  'shutdown-on-sigint': words('default', { values: ON_SIGNAL, ...none }),
  'shutdown-on-sigterm': words('default', { values: ON_SIGNAL, ...none }),
  'ignore-warnings': text('', none),
  'crash-log-enabled': bool(true, none),
  'crash-memcheck-enabled': bool(true, none),
  'use-exit-on-panic': bool(false, { hidden: true, ...none }),
  'watchdog-period': integer(0, 0, INT_MAX, { hidden: true, ...none }),
  hz: integer(10, 0, INT_MAX, none),
  'dynamic-hz': bool(true, none),
  'io-threads': integer(1, 1, 128, { ...fixed, ...none }),
  'io-threads-do-reads': bool(false, { ...fixed, ...none }),
  'oom-score-adj': oneOf('no', ['no', 'yes', 'relative', 'absolute'], none),
  'oom-score-adj-values': words('0 200 800', { check: checkOomScores, ...none }),
  server_cpulist: text('', { ...fixed, ...none }),
  bio_cpulist: text('', { ...fixed, ...none }),
  aof_rewrite_cpulist: text('', { ...fixed, ...none }),
  bgsave_cpulist: text('', { ...fixed, ...none }),

  // Replication and clustering, which this server has not
  replicaof: words('', { alias: 'slaveof', ...fixed, ...none }),
  masteruser: text('', none),
  masterauth: text('', none),
  'replica-announce-ip': text('', { alias: 'slave-announce-ip', ...none }),
  'replica-announce-port': integer(0, 0, 65535, { alias: 'slave-announce-port', ...none }),
  'replica-announced': bool(true, none),
  'replica-serve-stale-data': bool(true, { alias: 'slave-serve-stale-data', ...none }),
  'replica-read-only': bool(true, { alias: 'slave-read-only', ...none }),
  'replica-lazy-flush': bool(false, { alias: 'slave-lazy-flush', ...none }),
  'replica-ignore-maxmemory': bool(true, { alias: 'slave-ignore-maxmemory', ...none }),
  'replica-ignore-disk-write-errors': bool(false, none),
  'replica-priority': integer(100, 0, INT_MAX, { alias: 'slave-priority', ...none }),
  'repl-timeout': integer(60, 1, INT_MAX, none),
  'repl-ping-replica-period': integer(10, 1, INT_MAX, { alias: 'repl-ping-slave-period', ...none }),
  'repl-disable-tcp-nodelay': bool(false, none),
  'repl-diskless-sync': bool(true, none),
  'repl-diskless-sync-delay': integer(5, 0, INT_MAX, none),
  'repl-diskless-sync-max-replicas': integer(0, 0, INT_MAX, none),
  'repl-diskless-load': oneOf('disabled', ['disabled', 'on-empty-db', 'swapdb'], none),
  'repl-backlog-size': memory(MIB, 1, none),
  'repl-backlog-ttl': count(3600, none),
  'min-replicas-to-write': integer(0, 0, INT_MAX, { alias: 'min-slaves-to-write', ...none }),
  'min-replicas-max-lag': integer(10, 0, INT_MAX, { alias: 'min-slaves-max-lag', ...none }),
  'cluster-enabled': bool(false, { ...fixed, ...none }),
};
