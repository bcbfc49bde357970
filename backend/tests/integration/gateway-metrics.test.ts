import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { aGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const SENT_ROWS = 'sentinela_messages_total{direction="out",tipo="TEXTO",resultado="inserida"}';
const DEPLOY = new URL('../../../deploy/', import.meta.url);

async function scrape(): Promise<string> {
  const { status, headers, bytes } = await gateway.http.get('/metrics');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  return bytes.toString();
}

/** The value of one series; `labels` as Prometheus writes them. */
function valueOf(text: string, series: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}

test('every metric of the dashboard and of the alert rules is one that /metrics has', async () => {
  const known = new Set([...(await scrape()).matchAll(/^# TYPE (\w+)/gm)].map((match) => match[1]));
  for (const file of ['grafana/sentinela.json', 'prometheus/alerts.yml']) {
    const used = [...readFileSync(new URL(file, DEPLOY), 'utf8').matchAll(/\bsentinela_\w+/g)].map(([name]) => name);
    expect(used.length).toBeGreaterThan(10);
    const names = used.map((name) => name.replace(/_(bucket|count|sum)$/, ''));
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  }
});

test('traffic in and out, errors, and the state of the parts show in the figures', async () => {
  const { id, phone, companion } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  await gateway.crm.mensagem(id, ana.send(phone, 'oi').id);
  await gateway.send(id, { to: ana.number, content: 'vai' });
  gateway.simulator.faults.errorAckNext(463);
  await gateway.send(id, { to: ana.number, content: 'não vai' });
  gateway.simulator.faults.reset(companion);
  const figures = {
    'sentinela_messages_total{direction="in",tipo="TEXTO",resultado="inserida"}': 1,
    [SENT_ROWS]: 2,
    'sentinela_sends_total{result="accepted",code=""}': 2,
    'sentinela_sends_total{result="sent",code=""}': 1,
    'sentinela_sends_total{result="failed",code="REACHOUT_LOCKED"}': 1,
    'sentinela_connections{estado="ready"}': 1,
    sentinela_connections_limit: 100,
    sentinela_supabase_up: 1,
    sentinela_ready: 1,
    sentinela_outbox_unfinished: 0,
    sentinela_journal_dead_letters: 0,
  };
  const foundIn = (text: string) => Object.keys(figures).map((series) => [series, valueOf(text, series)]);
  // The rows of what was sent, and the reconnect, come after the answers.
  const metrics = await until('the figures', async () => {
    const text = await scrape();
    const reconnected = valueOf(text, 'sentinela_reconnects_total{reason="CONNECTION_CLOSED"}') === 1;
    const rows = valueOf(text, SENT_ROWS) === 2;
    return reconnected && rows && valueOf(text, 'sentinela_connections{estado="ready"}') === 1 && text;
  });
  expect(Object.fromEntries(foundIn(metrics))).toEqual(figures);
  const requests = 'sentinela_supabase_request_seconds_count{operation="registrar_eventos",outcome="ok"}';
  expect(valueOf(metrics, requests)).toBeGreaterThan(0);
  expect(valueOf(metrics, 'sentinela_journal_flushes')).toBeGreaterThan(0);
  expect(valueOf(metrics, 'sentinela_process_heap_used_bytes')).toBeGreaterThan(1e6);
  // What is counted tells nobody who wrote to whom.
  for (const secret of [id, phone.number, ana.number]) expect(metrics).not.toContain(secret);
});

test('a blocked event loop shows as lag, and the next scrape starts anew', async () => {
  const lag = (text: string) => valueOf(text, 'sentinela_event_loop_lag_seconds{quantile="1"}');
  // Node's monitor takes its first mark up to 10 ms after a scrape: a block that begins before it does not count.
  await until('the lag', async () => {
    const end = performance.now() + 300;
    while (performance.now() < end);
    return lag(await scrape()) > 0.15;
  });
  await until('a quiet loop', async () => lag(await scrape()) < 0.15);
});
