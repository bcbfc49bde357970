/** One metric as Prometheus sees it. Labels have few values each: never a connection id, a number or a message id. */
interface MetricSpec {
  help: string;
  labels?: readonly string[];
}

/** What only grows since the start of the process. */
export const COUNTERS = {
  sentinela_messages_total: {
    help: 'Messages that became rows: direction in/out, tipo of the row, resultado inserida or duplicada.',
    labels: ['direction', 'tipo', 'resultado'],
  },
  sentinela_sends_total: {
    help: 'Sends by the API: accepted, sent (WhatsApp took it), failed (with the final error code).',
    labels: ['result', 'code'],
  },
  sentinela_media_total: {
    help: 'Files of messages: stored, postponed (tried again later) or failed for good, with the error code.',
    labels: ['result', 'code'],
  },
  sentinela_events_projected_total: {
    help: 'Items written to the database by operation (mensagem, status, sessao, ...) and result.',
    labels: ['op', 'resultado'],
  },
  sentinela_entries_parked_total: {
    help: 'Journal entries put with the dead letters, by SQLSTATE or our own code.',
    labels: ['code'],
  },
  sentinela_disconnects_total: {
    help: 'Sockets that ended, by the reason in the disconnect table.',
    labels: ['reason'],
  },
  sentinela_reconnects_total: {
    help: 'Sockets that ended and will be opened again, by the reason of their end.',
    labels: ['reason'],
  },
  sentinela_ack_overdue_total: { help: 'Sends that WhatsApp did not answer within the deadline on an open socket.' },
  sentinela_watchdog_steps_total: { help: 'What the watchdog did, by step.', labels: ['step'] },
  sentinela_health_checks_total: { help: 'Rounds of the watchdog.' },
  sentinela_websocket_messages_total: { help: 'Messages written to WebSocket clients.' },
  sentinela_websocket_refused_total: { help: 'WebSocket clients that were not let in, by code.', labels: ['code'] },
  sentinela_websocket_dropped_total: {
    help: 'WebSocket clients that the gateway sent away (TOO_SLOW, ACCESS_ENDED, ...).',
    labels: ['code'],
  },
  sentinela_webhooks_in_total: {
    help: 'Events that Evolution API servers posted: accepted, repeated, ignored, refused (with the error code).',
    labels: ['result', 'code'],
  },
  sentinela_alerts_total: { help: 'Alerts that people were told.', labels: ['severity', 'code'] },
} as const satisfies Record<string, MetricSpec>;

/** What is read at the moment of the scrape. */
export const GAUGES = {
  sentinela_evolution_servers: {
    help: 'Evolution API servers that connections live on, by the state of their circuit breaker.',
    labels: ['circuit'],
  },
  sentinela_build_info: { help: 'Always 1; the version is in the label.', labels: ['version', 'node'] },
  sentinela_start_time_seconds: { help: 'When the process wired its parts, seconds since the epoch.' },
  sentinela_ready: { help: '1 while /health/ready answers 200.' },
  sentinela_connections: { help: 'Known WhatsApp connections by estado.', labels: ['estado'] },
  sentinela_connections_limit: { help: 'MAX_CONNECTIONS.' },
  sentinela_connections_unhealthy: {
    help: 'Connections that the last health check found unhealthy, disconnected or in error.',
  },
  sentinela_orphans: { help: 'Orphans that were reported and not removed yet, by kind.', labels: ['kind'] },
  sentinela_journal_pending_entries: { help: 'Journal entries that are not rows yet.' },
  sentinela_journal_oldest_pending_age_seconds: { help: 'Age of the oldest of them; 0 when there is none.' },
  sentinela_journal_dead_letters: { help: 'Entries that the database refuses for good.' },
  sentinela_journal_bytes: { help: 'Live bytes of pending entries and dead letters.' },
  sentinela_journal_max_bytes: { help: 'Disk budget of the journal (JOURNAL_MAX_BYTES).' },
  sentinela_journal_flushes: { help: 'Durable commits since the journal was opened.' },
  sentinela_copy_last_success_seconds: {
    help: 'When the newest copy was made, seconds since the epoch, 0 = none: kind essentials (credentials, keys) or backup.',
    labels: ['kind'],
  },
  sentinela_copy_failing: { help: '1 when the last try to make such a copy failed.', labels: ['kind'] },
  sentinela_outbox_unfinished: { help: 'Accepted sends without an acknowledgement or a final error.' },
  sentinela_outbox_oldest_age_seconds: { help: 'Age of the oldest of them; 0 when there is none.' },
  sentinela_media_waiting: { help: 'Files of messages that are not in the media store yet.' },
  sentinela_sends_under_way: { help: 'Sends written to a socket or being encrypted now.' },
  sentinela_connections_throttled: { help: 'Connections whose next send waits for SEND_RATE_PER_MINUTE.' },
  sentinela_websocket_clients: { help: 'WebSocket clients that are let in.' },
  sentinela_supabase_up: { help: '1 while the database takes our requests.' },
  sentinela_event_loop_lag_seconds: {
    help: 'Delay of the event loop since the scrape before: quantile 0.5, 0.99 and 1.',
    labels: ['quantile'],
  },
  sentinela_process_cpu_seconds: { help: 'CPU time of all threads of the process.' },
  sentinela_process_resident_memory_bytes: { help: 'RSS, with mapped pages of the journal.' },
  sentinela_process_heap_used_bytes: { help: 'JavaScript heap in use.' },
} as const satisfies Record<string, MetricSpec>;

/** Distributions. */
export const HISTOGRAMS = {
  sentinela_supabase_request_seconds: {
    help: 'Time to the headers of an answer of the database, by table or function and outcome.',
    labels: ['operation', 'outcome'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
  },
} as const satisfies Record<string, MetricSpec & { buckets: readonly number[] }>;

export type CounterName = keyof typeof COUNTERS;
export type GaugeName = keyof typeof GAUGES;
export type HistogramName = keyof typeof HISTOGRAMS;
