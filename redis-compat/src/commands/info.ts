/**
 * INFO: what tools, dashboards and client libraries read about a server. Fields have Redis's names and are left out where
 * they would say nothing true; `zerocask_version` stands beside `redis_version`.
 */
import { arch, release, totalmem, type } from 'node:os';
import type { CommandContext } from './context.ts';
import { REDIS_VERSION, type ServerState, ZEROCASK_VERSION } from './state.ts';
import type { CommandTable } from './table.ts';

/** INFO. */
export const infoCommands: CommandTable = {
  info: {
    arity: -1,
    flags: ['loading', 'stale'],
    group: 'server',
    since: '1.0.0',
    summary: 'Returns information and statistics about the server.',
    complexity: 'O(1)',
    categories: ['dangerous'],
    history: [['7.0.0', 'Added support for taking multiple section arguments.']],
    tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
    arguments: [{ name: 'section', type: 'string', flags: ['optional', 'multiple'] }],
    run: info,
  },
};

type Fields = readonly (readonly [name: string, value: string | number])[];

/** The sections in the order in which they are shown. */
const SECTIONS: Readonly<Record<string, (state: ServerState) => Fields>> = {
  Server: server,
  Clients: clients,
  Memory: memory,
  Persistence: persistence,
  Stats: stats,
  Replication: replication,
  CPU: cpu,
  Modules: () => [],
  Commandstats: commandStats,
  Errorstats: errorStats,
  Latencystats: () => [],
  Cluster: () => [['cluster_enabled', 0]],
  Keyspace: keyspace,
};
/** Sections that INFO shows only when asked. */
const NOT_BY_DEFAULT = ['commandstats', 'latencystats'];

function info(ctx: CommandContext): void {
  const asked = Array.from({ length: ctx.argc - 1 }, (_, i) => ctx.text(i + 1).toLowerCase());
  if (asked.length === 0) asked.push('default');
  const all = asked.includes('all') || asked.includes('everything');
  const shown = Object.entries(SECTIONS).filter(([title]) => {
    const name = title.toLowerCase();
    return all || asked.includes(name) || (asked.includes('default') && !NOT_BY_DEFAULT.includes(name));
  });
  const text = shown.map(([title, fields]) => {
    const lines = fields(ctx.server).map(([name, value]) => `${name}:${value}\r\n`);
    return `# ${title}\r\n${lines.join('')}`;
  });
  ctx.reply.verbatim('txt', text.join('\r\n'));
}

function server(state: ServerState): Fields {
  const now = Date.now();
  const uptimeSeconds = Math.floor((now - state.startedAtMs) / 1000);
  return [
    ['redis_version', REDIS_VERSION],
    ['zerocask_version', ZEROCASK_VERSION],
    ['redis_git_sha1', '00000000'],
    ['redis_git_dirty', 0],
    ['redis_build_id', '0'],
    ['redis_mode', 'standalone'],
    ['os', `${type()} ${release()} ${arch()}`],
    ['arch_bits', 64],
    ['node_version', process.versions.node],
    ['multiplexing_api', 'libuv'],
    ['process_id', process.pid],
    ['process_supervised', 'no'],
    ['run_id', state.runId],
    ['tcp_port', state.port],
    ['server_time_usec', now * 1000],
    ['uptime_in_seconds', uptimeSeconds],
    ['uptime_in_days', Math.floor(uptimeSeconds / 86400)],
    ['hz', state.config.number('hz')],
    ['configured_hz', state.config.number('hz')],
    ['lru_clock', Math.floor(now / 1000) & 0xff_ffff],
    ['executable', process.argv[1] ?? process.execPath],
    ['config_file', state.config.file],
    ['io_threads_active', 0],
    ['listener0', `name=tcp,bind=${state.host},port=${state.port}`],
  ];
}

function clients(state: ServerState): Fields {
  const links = [...state.clients.values()].map(client => client.link);
  return [
    ['connected_clients', state.clients.size],
    ['cluster_connections', 0],
    ['maxclients', state.config.number('maxclients')],
    ['client_recent_max_input_buffer', Math.max(0, ...links.map(link => link.pendingRequestBytes))],
    ['client_recent_max_output_buffer', Math.max(0, ...links.map(link => link.pendingReplyBytes))],
    ['blocked_clients', 0],
    ['tracking_clients', 0],
    ['clients_in_timeout_table', 0],
    ['total_blocking_keys', 0],
    ['total_blocking_keys_on_nokey', 0],
  ];
}

function memory(state: ServerState): Fields {
  const { rss, heapUsed, external } = process.memoryUsage();
  const used = heapUsed + external;
  state.peakMemory = Math.max(state.peakMemory, used);
  const maxMemory = state.config.number('maxmemory');
  return [
    ['used_memory', used],
    ['used_memory_human', human(used)],
    ['used_memory_rss', rss],
    ['used_memory_rss_human', human(rss)],
    ['used_memory_peak', state.peakMemory],
    ['used_memory_peak_human', human(state.peakMemory)],
    ['used_memory_peak_perc', `${((100 * used) / state.peakMemory).toFixed(2)}%`],
    ['used_memory_overhead', heapUsed],
    ['used_memory_startup', 0],
    ['used_memory_dataset', external],
    ['used_memory_dataset_perc', `${((100 * external) / used).toFixed(2)}%`],
    ['total_system_memory', totalmem()],
    ['total_system_memory_human', human(totalmem())],
    ['used_memory_lua', 0],
    ['used_memory_scripts', 0],
    ['maxmemory', maxMemory],
    ['maxmemory_human', human(maxMemory)],
    ['maxmemory_policy', state.config.text('maxmemory-policy')],
    ['mem_fragmentation_ratio', (rss / used).toFixed(2)],
    ['mem_fragmentation_bytes', rss - used],
    ['mem_clients_normal', [...state.clients.values()].reduce((sum, { link }) => sum + link.pendingReplyBytes, 0)],
    ['mem_clients_slaves', 0],
    ['mem_aof_buffer', 0],
    ['mem_allocator', 'v8'],
    ['active_defrag_running', 0],
    ['lazyfree_pending_objects', 0],
    ['lazyfreed_objects', 0],
  ];
}

/** 1536 -> 1.50K, as Redis prints sizes. */
function human(bytes: number): string {
  const units = ['B', 'K', 'M', 'G', 'T'];
  let unit = 0;
  let size = bytes;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return unit === 0 ? `${size}B` : `${size.toFixed(2)}${units[unit]}`;
}

function persistence(state: ServerState): Fields {
  return [
    ['loading', 0],
    ['async_loading', 0],
    ['current_cow_peak', 0],
    ['current_cow_size', 0],
    ['rdb_changes_since_last_save', state.effects.changes],
    ['rdb_bgsave_in_progress', 0],
    ['rdb_last_save_time', Math.floor(state.startedAtMs / 1000)],
    ['rdb_last_bgsave_status', 'ok'],
    ['rdb_last_bgsave_time_sec', -1],
    ['rdb_current_bgsave_time_sec', -1],
    ['rdb_saves', 0],
    ['aof_enabled', 1],
    ['aof_rewrite_in_progress', 0],
    ['aof_rewrite_scheduled', 0],
    ['aof_last_rewrite_time_sec', -1],
    ['aof_current_rewrite_time_sec', -1],
    ['aof_last_bgrewrite_status', 'ok'],
    ['aof_last_write_status', state.logStuck ? 'err' : 'ok'],
    ['aof_current_size', state.databases.engine.stats.dataBytes],
    ['aof_base_size', 0],
    ['aof_pending_rewrite', 0],
  ];
}

function stats(state: ServerState): Fields {
  const { counters } = state;
  return [
    ['total_connections_received', counters.connectionsReceived],
    ['total_commands_processed', counters.commandsProcessed],
    ['instantaneous_ops_per_sec', state.commandsPerSecond],
    ['total_net_input_bytes', counters.bytesReceived],
    ['total_net_output_bytes', counters.bytesSent],
    ['total_net_repl_input_bytes', 0],
    ['total_net_repl_output_bytes', 0],
    ['rejected_connections', counters.connectionsRejected],
    ['sync_full', 0],
    ['sync_partial_ok', 0],
    ['sync_partial_err', 0],
    ['expired_keys', state.effects.expiredKeys],
    ['evicted_keys', 0],
    ['evicted_clients', 0],
    ['keyspace_hits', state.databases.hits],
    ['keyspace_misses', state.databases.misses],
    ['pubsub_channels', 0],
    ['pubsub_patterns', 0],
    ['pubsubshard_channels', 0],
    ['latest_fork_usec', 0],
    ['total_forks', 0],
    ['migrate_cached_sockets', 0],
    ['tracking_total_keys', 0],
    ['tracking_total_items', 0],
    ['tracking_total_prefixes', 0],
    ['unexpected_error_replies', 0],
    ['total_error_replies', counters.errorReplies],
    ['client_query_buffer_limit_disconnections', counters.queryLimitDisconnections],
    ['client_output_buffer_limit_disconnections', counters.outputLimitDisconnections],
    ['eventloop_cycles', counters.turns],
    ['acl_access_denied_auth', counters.errors.get('WRONGPASS') ?? 0],
  ];
}

function replication(state: ServerState): Fields {
  return [
    ['role', 'master'],
    ['connected_slaves', 0],
    ['master_failover_state', 'no-failover'],
    ['master_replid', state.runId],
    ['master_replid2', '0'.repeat(40)],
    ['master_repl_offset', 0],
    ['second_repl_offset', -1],
    ['repl_backlog_active', 0],
    ['repl_backlog_size', state.config.number('repl-backlog-size')],
    ['repl_backlog_first_byte_offset', 0],
    ['repl_backlog_histlen', 0],
  ];
}

function cpu(): Fields {
  const { user, system } = process.cpuUsage();
  return [
    ['used_cpu_sys', (system / 1e6).toFixed(6)],
    ['used_cpu_user', (user / 1e6).toFixed(6)],
    ['used_cpu_sys_children', '0.000000'],
    ['used_cpu_user_children', '0.000000'],
  ];
}

function commandStats(state: ServerState): Fields {
  const used = [...state.registry.all()].filter(command => command.calls + command.rejectedCalls > 0);
  return used.map(({ fullName, calls, microseconds, rejectedCalls, failedCalls }) => {
    const perCall = calls === 0 ? 0 : microseconds / calls;
    const counts = `rejected_calls=${rejectedCalls},failed_calls=${failedCalls}`;
    const times = `usec=${Math.round(microseconds)},usec_per_call=${perCall.toFixed(2)}`;
    return [`cmdstat_${fullName}`, `calls=${calls},${times},${counts}`];
  });
}

function errorStats(state: ServerState): Fields {
  const errors = [...state.counters.errors].sort(([a], [b]) => (a < b ? -1 : 1));
  return errors.map(([name, count]) => [`errorstat_${name}`, `count=${count}`]);
}

function keyspace(state: ServerState): Fields {
  const { databases } = state;
  const all = Array.from({ length: databases.count }, (_, index) => databases.get(index));
  return all
    .filter(({ size }) => size > 0)
    .map(({ index, size, expiring }) => [`db${index}`, `keys=${size},expires=${expiring},avg_ttl=0`]);
}
