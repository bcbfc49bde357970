import { afterEach, describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../src/lib/errors.js';
import { aGroup, closeAll, HOUR, settle, until } from '../outbound-fixtures.js';
import { aSchedule, stopSchedulers } from './schedule-fixture.js';

afterEach(async () => {
  await stopSchedulers();
  await closeAll();
});

const MINUTE = 60_000;

describe('a scheduled message', () => {
  test('goes out when its time has come, not before, once, and says what became of it', async () => {
    const { schedule, pass, texts, state, journal, entries } = await aSchedule();
    const id = await schedule('bom dia', 10 * MINUTE);
    await pass(9 * MINUTE);
    expect([texts(), state(id)]).toEqual([[], 'AGENDADA']);
    await pass(MINUTE);
    await until(() => state(id) === 'ENVIADA');
    await pass(HOUR);
    expect(texts()).toEqual(['bom dia']);
    const record = journal.schedule.get(id)!;
    expect(journal.getOutbox(record.connectionId, record.whatsappId!)).toMatchObject({
      scheduledId: id,
      state: 'sent',
    });
    expect(entries('scheduled').map(({ summary }) => [summary.state, summary.revision])).toEqual([
      ['AGENDADA', 1],
      ['ACEITA', 2],
      ['ENVIADA', 3],
    ]);
  });

  test('that was accepted before a crash is not sent again, and its outcome is found after it', async () => {
    const first = await aSchedule({ script: { onRelay: () => undefined } });
    const id = await first.schedule('uma vez', 0);
    await until(() => first.state(id) === 'ACEITA' && first.texts().length === 1);
    await stopSchedulers();
    await first.crash();
    const again = await aSchedule({ dir: first.dir, clock: first.clock });
    await until(() => again.state(id) === 'ENVIADA');
    // The same id went out again, because its ack was never seen: one message.
    expect(new Set(again.channel.relayed.map((each) => each.id))).toEqual(
      new Set(first.channel.relayed.map((e) => e.id)),
    );
  });

  test('that was due during a downtime goes out late, unless it is too late', async () => {
    const first = await aSchedule({ starts: false });
    const late = await first.schedule('atrasada', 30 * MINUTE);
    const tooLate = await first.schedule('velha', MINUTE);
    await first.crash();
    first.clock.advance(80 * MINUTE);
    const again = await aSchedule({ dir: first.dir, clock: first.clock, maxLateMs: HOUR });
    await until(() => again.state(late) === 'ENVIADA' && again.state(tooLate) === 'EXPIRADA');
    expect(again.texts()).toEqual(['atrasada']);
  });

  test('waits for its connection, in order, and expires with the reason when that stays away', async () => {
    const { schedule, pass, texts, state, channel, journal } = await aSchedule({ estado: 'reconnecting' });
    const ids = [await schedule('um', 0), await schedule('dois', 1), await schedule('três', 2)];
    const gone = await schedule('tarde', -50 * MINUTE, { to: aGroup(2) });
    await pass(5 * MINUTE);
    expect([texts(), ids.map(state)]).toEqual([[], ['AGENDADA', 'AGENDADA', 'AGENDADA']]);
    await pass(6 * MINUTE);
    await until(() => state(gone) === 'EXPIRADA');
    expect(journal.schedule.get(gone)?.error).toBe('NOT_CONNECTED');
    channel.open();
    await pass(MINUTE);
    await until(() => ids.every((id) => state(id) === 'ENVIADA'));
    expect(texts()).toEqual(['um', 'dois', 'três']);
  });

  test('waits while the account may not begin chats; one that is refused for good has failed', async () => {
    const { schedule, pass, state, refusals, journal } = await aSchedule();
    refusals.push(new GatewayError('NEW_CHATS_PAUSED'));
    const id = await schedule('pausada', 0);
    await pass(2 * MINUTE);
    expect(state(id)).toBe('AGENDADA');
    refusals.splice(0, 1, new GatewayError('NOT_ON_WHATSAPP'));
    await pass(2 * MINUTE);
    await until(() => state(id) === 'FALHOU');
    expect(journal.schedule.get(id)?.error).toBe('NOT_ON_WHATSAPP');
  });

  test('never leaves under a connection that is another owner’s now, or gone', async () => {
    const { schedule, state, texts } = await aSchedule();
    const foreign = await schedule('de outro', 0, { ownerId: '22222222-2222-4222-8222-222222222222' });
    const gone = await schedule('de ninguém', 0, { connectionId: 'apagada' });
    await until(() => state(foreign) === 'FALHOU' && state(gone) === 'FALHOU');
    expect(texts()).toEqual([]);
  });

  test('that expires in the line of sends is EXPIRADA, too', async () => {
    const { schedule, pass, state, channel } = await aSchedule({ script: { onRelay: () => undefined } });
    const id = await schedule('sem resposta', 0);
    await until(() => state(id) === 'ACEITA');
    channel.close();
    await pass(2 * HOUR);
    await until(() => state(id) === 'EXPIRADA');
  });

  test('a file of one that never goes is discarded', async () => {
    const { schedule, state, discarded, journal } = await aSchedule({ estado: 'reconnecting' });
    const id = await schedule('com arquivo', -2 * HOUR, { file: 'arquivo' });
    await until(() => state(id) === 'EXPIRADA');
    await settle(journal);
    expect(discarded).toEqual(['arquivo']);
  });

  test('a template is filled in by the clock of when it goes', async () => {
    const { schedule, pass, texts } = await aSchedule();
    const fill = { texto: '{{saudacao}}, {{nome}}!', fuso: 'UTC', variables: { nome: '{{hora}}' } };
    await schedule('?', 14 * HOUR, { fill });
    await pass(14 * HOUR);
    await until(() => texts().length === 1);
    // Midnight + 14 h; the caller's value is not read again.
    expect(texts()).toEqual(['Boa tarde, {{hora}}!']);
  });
});

test('of a crowd only a few are under way at once, and all go', async () => {
  const acks: (() => void)[] = [];
  const { schedule, pass, texts, state, channel } = await aSchedule({
    script: { onRelay: (relayed) => void acks.push(() => channel.ack(relayed.id)) },
  });
  const ids: string[] = [];
  for (let n = 0; n < 12; n++) ids.push(await schedule(`n${n}`, 0, { to: aGroup(n) }));
  await pass(1000);
  await until(() => texts().length === 5);
  expect(ids.filter((id) => state(id) === 'AGENDADA')).toHaveLength(7);
  for (let done = 0; done < 12; done++) {
    await until(() => acks.length > 0);
    acks.shift()!();
    await pass(1000);
  }
  await until(() => ids.every((id) => state(id) === 'ENVIADA'));
  expect(new Set(texts()).size).toBe(12);
});
