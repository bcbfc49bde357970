import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { SealedOpener } from '../../../src/inbound/sealed/sealed-opener.js';
import { silentLog } from '../../../src/lib/log.js';
import type { Evento } from '../../../src/supabase/evento.js';
import { until } from '../../support/until.js';
import { ManualClock } from './manual-clock.js';

let looks = 0;
// Time stands still here: nobody looks unless somebody wakes it.
const opener = new SealedOpener({
  sealed: {
    pending: () => {
      looks += 1;
      return Promise.resolve([]);
    },
    settle: () => Promise.reject(new Error('nothing is settled here')),
  },
  journal: { commit: () => Promise.reject(new Error('nothing is written here')) },
  clock: new ManualClock(),
  log: silentLog,
});
afterEach(() => opener.stop());

const sealedEdit = { op: 'dados', alvo: { whatsapp_id: 'A' }, dados: { cifradosPendentes: {} } } as unknown as Evento;
const message = (id: string) => ({ op: 'mensagem', whatsapp_id: id }) as unknown as Evento;

test('looks at once when a message comes whose sealed change came first, and not for every message', async () => {
  opener.start();
  await until('the first look', () => looks === 1);
  // Of a message without a row: there is nothing to open it with.
  opener.written([sealedEdit], [{ resultado: 'pendente' }]);
  opener.written([message('B')], [{ resultado: 'criada' }]);
  await turn();
  expect(looks).toBe(1);
  opener.written([message('A')], [{ resultado: 'criada' }]);
  await until('the look', () => looks === 2);
  opener.written([message('A')], [{ resultado: 'criada' }]);
  await turn();
  expect(looks).toBe(2);
});
