import { describe, expect, test } from '@jest/globals';
import { aGateway, verdict } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
/** Seconds since the epoch. */
const now = () => Math.floor(Date.now() / 1000);
const contents = (rows: Record<string, unknown>[]) => rows.map((row) => row['conteudo']);
const byTime = async (id: string) =>
  (await gateway.crm.mensagens(id)).sort(
    (a, b) => String(a['timestamp']).localeCompare(String(b['timestamp'])) || Number(a['ordem']) - Number(b['ordem']),
  );

async function rows(id: string, count: number) {
  return until(`${count} rows`, async () => {
    const found = await byTime(id);
    return found.length >= count && found;
  });
}

describe('history sync', () => {
  test('fills old chats in, in order and once, without atendimentos, beside what comes in live', async () => {
    const { id, phone, companion } = await gateway.aPairedConnection(undefined, {
      settings: { sincronizarHistorico: true },
    });
    const ana = gateway.aCustomer({ name: 'Ana' });
    const chat = { jid: ana.pnJid, lidJid: ana.lidJid, name: 'Ana da agenda' };
    const old = Array.from({ length: 450 }, (_, n) => ({
      content: `antiga ${n}`,
      timestamp: now() - 10_000 + Math.floor(n / 3),
      fromMe: n % 2 === 1,
    }));
    phone.past.add(chat, old);
    phone.past.add({ jid: 'status@broadcast' }, [
      { content: 'um status', timestamp: now() - 50, participant: ana.pnJid },
    ]);
    await (
      await phone.syncHistory(companion)
    ).receipted;
    const live = ana.send(phone, 'ao vivo');
    await gateway.crm.mensagem(id, live.id);
    const found = await rows(id, 451);
    expect(contents(found)).toEqual([...old.map(({ content }) => content), 'ao vivo']);
    expect(found[0]).toMatchObject({ remetente: 'CLIENTE', lida: true, atendimento_id: null, chat_jid: ana.pnJid });
    expect(found[1]).toMatchObject({ remetente: 'ATENDENTE', status: 'ENVIADA' });
    const atendimentos = await gateway.crm.atendimentos(id);
    expect(atendimentos).toMatchObject([{ nao_lidas: 1, status: 'AGUARDANDO' }]);
    // One contato: the history and the live message are of one person.
    expect(new Set(found.map((row) => row['contato_id'])).size).toBe(1);
    expect(await gateway.crm.contatos(id, { tipo: 'pessoa' })).toMatchObject([{ nome: 'Ana da agenda' }]);

    await (
      await phone.syncHistory(companion)
    ).receipted;
    phone.past.add(chat, [{ content: 'a última da história', timestamp: now() - 5 }]);
    await (
      await phone.syncHistory(companion)
    ).receipted;
    const again = await until('the third history', async () => {
      const all = await byTime(id);
      return contents(all).includes('a última da história') && all;
    });
    expect(again).toHaveLength(452);
    expect(await gateway.crm.atendimentos(id)).toHaveLength(1);
  });

  test('is left alone unless the connection asks for it', async () => {
    const { id, phone, companion } = await gateway.aPairedConnection();
    const ana = gateway.aCustomer();
    phone.past.add({ jid: ana.pnJid }, [{ content: 'antiga', timestamp: now() - 100 }]);
    await (
      await phone.syncHistory(companion)
    ).receipted;
    await gateway.crm.mensagem(id, ana.send(phone, 'ao vivo').id);
    expect(contents(await gateway.crm.mensagens(id))).toEqual(['ao vivo']);
    expect(gateway.parts.journal.listHistoryJobs()).toEqual([]);
  });

  test('does not fetch files before somebody asks; one that fails to arrive is tried again', async () => {
    const { id, phone, companion } = await gateway.aPairedConnection(undefined, {
      settings: { sincronizarHistorico: true },
    });
    const { media } = gateway.simulator;
    const ana = gateway.aCustomer();
    const file = await media.upload(Buffer.from('foto antiga'), 'document');
    const content = { documentMessage: { ...file, mimetype: 'text/plain', fileName: 'antiga.txt' } };
    const [oldId] = phone.past.add({ jid: ana.pnJid }, [{ content, timestamp: now() - 100 }]);
    // Baileys and we: each fails once or more.
    media.failNext = 2;
    await (
      await phone.syncHistory(companion)
    ).receipted;
    const row = await gateway.crm.mensagem(id, oldId!);
    expect(row).toMatchObject({ conteudo: 'antiga.txt', midia_caminho: null });
    expect(gateway.parts.journal.getMediaJob(id, String(row['id']))).toBeNull();
    const path = `/api/whatsapp-integration/messages/${String(row['id'])}/media`;
    expect(verdict(await gateway.http.get(path))).toBe('409 MEDIA_PENDING');
    const answer = await until('the file', async () => {
      const got = await gateway.http.get(path);
      return got.status === 200 && got;
    });
    expect(answer.bytes.toString()).toBe('foto antiga');
  });

  test('a history that was announced when the process ended is read by the next one', async () => {
    const { id, phone, companion } = await gateway.aPairedConnection(undefined, {
      settings: { sincronizarHistorico: true },
    });
    const ana = gateway.aCustomer();
    const [oldId] = phone.past.add({ jid: ana.pnJid }, [{ content: 'sobrevive', timestamp: now() - 100 }]);
    gateway.simulator.media.failNext = 1000;
    await (
      await phone.syncHistory(companion)
    ).receipted;
    await until('the job', () => Promise.resolve(gateway.parts.journal.listHistoryJobs().length > 0));
    await gateway.stop();
    gateway.simulator.media.failNext = 0;
    await gateway.start();
    expect(await gateway.crm.mensagem(id, oldId!)).toMatchObject({ conteudo: 'sobrevive' });
    await until('no job', () => Promise.resolve(gateway.parts.journal.listHistoryJobs().length === 0));
  });
});

test('after a long absence the phone is asked for what was missed; it counts as come in, what is older does not', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  const before = ana.send(phone, 'antes');
  await gateway.crm.mensagem(id, before.id);
  await gateway.stop();
  const since = now() + 10;
  // So many that the phone's first answer does not reach back to what is known.
  const missed = Array.from({ length: 60 }, (_, n) => ({ content: `perdida ${n}`, timestamp: since + n }));
  const chat = { jid: ana.pnJid, lidJid: ana.lidJid };
  phone.past.add(chat, [{ content: 'muito antes', timestamp: now() - 86_400 }]);
  phone.past.add(chat, [{ content: 'antes', timestamp: now(), id: before.id }]);
  phone.past.add(chat, missed);
  const after = ana.send(phone, 'depois', { timestamp: (since + 100) * 1000 });
  await gateway.start({ HISTORY_GAP_MS: '1' });
  await gateway.crm.mensagem(id, after.id);
  const found = await rows(id, 63);
  expect(contents(found)).toEqual(['muito antes', 'antes', ...missed.map(({ content }) => content), 'depois']);
  expect(phone.past.asked.length).toBeGreaterThanOrEqual(2);
  expect(found[0]).toMatchObject({ atendimento_id: null, lida: true });
  expect(await gateway.crm.atendimentos(id)).toMatchObject([{ nao_lidas: 62 }]);
  expect(found[5]).toMatchObject({ dados: { recuperada: true } });
  await gateway.restart();
  await gateway.untilEstado(id, 'ready');
});

test("an ad's first message, which only the phone can read, comes from there with where it is from", async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  const ad = { title: 'Promoção', body: 'Só hoje', sourceType: 'ad', sourceId: '1203', ctwaClid: 'clid-1' };
  const contextInfo = { externalAdReply: ad, entryPointConversionSource: 'ctwa_ad' };
  const lead = { extendedTextMessage: { text: 'Quero saber mais', contextInfo } };
  const sent = ana.send(phone, lead, { damage: 'unavailable' });
  const row = await gateway.crm.mensagem(id, sent.id, (each) => each['subtipo'] !== 'INDECIFRAVEL');
  expect(row).toMatchObject({
    conteudo: 'Quero saber mais',
    dados: { anuncio: { titulo: 'Promoção', sourceId: '1203', ctwaClid: 'clid-1', entrada: 'ctwa_ad' } },
  });
  expect(await gateway.crm.atendimentos(id)).toMatchObject([{ status: 'AGUARDANDO', nao_lidas: 1 }]);
});
