import { randomUUID } from 'node:crypto';
import { ScheduledBook } from '../../../src/integration/schedule/scheduled-book.js';
import { Scheduler } from '../../../src/integration/schedule/scheduler.js';
import { newRecord } from '../../../src/integration/new-connection.js';
import type { ScheduledRecord } from '../../../src/journal/schedule-records.js';
import { silentLog } from '../../../src/lib/log.js';
import { aGroup, anOutbound, CONNECTION, HOUR, settle, type OutboundOptions } from '../outbound-fixtures.js';

export const OWNER = '11111111-1111-4111-8111-111111111111';
const running: Scheduler[] = [];

/** Stops every scheduler; before the journals are closed. */
export async function stopSchedulers(): Promise<void> {
  for (const scheduler of running.splice(0)) await scheduler.stop();
}

/** A scheduler over a real journal and the real way out, in time that stands still. */
export async function aSchedule(options: OutboundOptions & { maxLateMs?: number; starts?: boolean } = {}) {
  const { maxLateMs = HOUR, starts = true, ...rest } = options;
  const outbound = await anOutbound(rest);
  const { journal, acceptor, sender, clock, channel } = outbound;
  const discarded: string[] = [];
  const intake = { discard: async ({ file }: { file: string }) => void discarded.push(file) };
  const book = new ScheduledBook({ journal, intake, clock });
  const refusals: Error[] = [];
  const scheduler = new Scheduler({
    ...{ journal, book, acceptor, clock, log: silentLog, maxLateMs, random: () => 0.5 },
    isReady: () => channel.estado === 'ready',
    admit: async () => {
      const [refusal] = refusals;
      if (refusal) throw refusal;
    },
  });
  sender.events.on('sent', (record) => scheduler.settled(record));
  sender.events.on('failed', (record) => scheduler.settled(record));
  if (!options.dir) {
    const connection = newRecord({ connectionId: CONNECTION }, OWNER, randomUUID(), clock.now());
    await journal.commit({ connections: [connection] });
  }
  running.push(scheduler);
  if (starts) scheduler.start();
  const state = (id: string) => journal.schedule.get(id)?.state;
  return {
    ...{ ...outbound, book, scheduler, refusals, discarded, state },
    /** Schedules a text for a group, so many ms from now. */
    schedule: async (text: string, inMs: number, changes: Partial<ScheduledRecord> = {}) => {
      const record = await book.write({ ...aRecord(text, clock.now() + inMs), ...changes });
      scheduler.wake();
      return record.id;
    },
    /** Time passes, and what it caused has happened. */
    pass: async (ms: number) => {
      await settle(journal);
      clock.advance(ms);
      await settle(journal);
    },
    texts: () => channel.relayed.map(({ text }) => text),
  };
}

function aRecord(text: string, sendAt: number): ScheduledRecord {
  return {
    ...{ id: randomUUID(), connectionId: CONNECTION, ownerId: OWNER, companyId: null, to: aGroup(1), type: 'text' },
    ...{ conteudo: text, modelo: null, sendAt, state: 'AGENDADA', whatsappId: null, mensagemId: null, error: null },
    ...{ revision: 1, createdAt: 1, updatedAt: 1, content: { kind: 'text', text }, context: {}, fill: null },
    ...{ file: null, bodySha256: null },
  };
}
