import { expect, test } from '@jest/globals';
import { aGateway, CONNECTIONS } from '../support/gateway.js';
import { until } from '../support/until.js';

const AGE_MS = 500;
const gateway = aGateway({ ORPHAN_AGE_MS: String(AGE_MS) });
const ORPHANS = '/api/whatsapp-bootstrap/orphans';

interface Orphan {
  kind: string;
  connectionId: string;
  removedAfter: string;
}
const listed = async () => (await gateway.http.get<{ data: Orphan[] }>(ORPHANS)).body.data;
const known = (id: string) => gateway.parts.journal.getConnection(id) !== null;

/** Runs the hourly look until `done`. */
const roundsUntil = (what: string, done: () => boolean | Promise<boolean>) =>
  until(what, async () => {
    await gateway.parts.orphans.round();
    return done();
  });

test('a connection that nobody paired is reported, then removed with its age; its row says so', async () => {
  const alerts: string[] = [];
  const off = gateway.parts.events.on('alert', ({ code, connectionId }) => alerts.push(`${code} ${connectionId}`));
  const { id: paired } = await gateway.aPairedConnection();
  await gateway.http.post(CONNECTIONS, { connectionId: 'esquecida' });
  await until('a QR code', () => gateway.parts.pool.get('esquecida')?.qr);
  await gateway.parts.orphans.round();
  // Somebody may be holding the phone right now.
  expect(await listed()).toEqual([]);
  await gateway.parts.pool.get('esquecida')!.disconnect();
  await gateway.parts.orphans.round();
  expect([await listed(), known('esquecida')]).toEqual([
    [expect.objectContaining({ kind: 'unpaired', connectionId: 'esquecida' })],
    true,
  ]);
  const stats = await gateway.http.get('/api/whatsapp-bootstrap/stats');
  expect(stats.body).toMatchObject({ orphans: { unpaired: 1, credentials: 0 } });
  await roundsUntil('the removal', () => !known('esquecida'));
  const row = async () => (await gateway.crm.session('esquecida'))['motivo'] === 'ORPHAN_REMOVED';
  await until('the row', row);
  expect(alerts.filter((alert) => alert.startsWith('ORPHAN'))).toEqual([
    'ORPHAN_FOUND esquecida',
    'ORPHAN_REMOVED esquecida',
  ]);
  expect([await listed(), known(paired), (await gateway.connection(paired)).estado]).toEqual([[], true, 'ready']);
  off();
});

test('a paired connection that a person has switched off is no orphan, however old', async () => {
  const { id } = await gateway.aPairedConnection();
  await gateway.parts.pool.get(id)!.disconnect();
  const due = Date.now() + AGE_MS;
  await until('its time', () => Date.now() > due);
  await gateway.parts.orphans.round();
  await gateway.parts.orphans.round();
  expect([await listed(), known(id)]).toEqual([[], true]);
});

test('credentials of a connection that nobody knows go to the archive; the waiting time survives a restart', async () => {
  const { journal } = gateway.parts;
  await journal.commit({ creds: { connectionId: 'sem-conexao', value: { me: { id: '1@s.whatsapp.net' } } } });
  await gateway.parts.orphans.round();
  const [first] = await listed();
  expect(first).toMatchObject({ kind: 'credentials', connectionId: 'sem-conexao' });
  await gateway.restart();
  await gateway.parts.orphans.round();
  const gone = () => !gateway.parts.journal.auth.owners().includes('sem-conexao');
  if (!gone()) expect((await listed())[0]?.removedAfter).toBe(first!.removedAfter);
  await roundsUntil('the removal', gone);
  expect(await listed()).toEqual([]);
});

test('what was an orphan and is in use again when its time comes stays', async () => {
  await gateway.http.post(CONNECTIONS, { connectionId: 'volta' });
  await until('a QR code', () => gateway.parts.pool.get('volta')?.qr);
  await gateway.parts.pool.get('volta')!.disconnect();
  await gateway.parts.orphans.round();
  expect(await listed()).toHaveLength(1);
  gateway.parts.pool.get('volta')!.initialize();
  const due = Date.now() + AGE_MS;
  await until('its time', () => Date.now() > due);
  await gateway.parts.orphans.round();
  expect([await listed(), known('volta')]).toEqual([[], true]);
});
