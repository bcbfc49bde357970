import { describe, expect, test } from '@jest/globals';
import type { SimulatorEvent, SimulatorFact } from '../../src/simulator/index.js';
import { check } from '../crash/checker.js';
import type { CrashHistory, Request, Row } from '../crash/history.js';

const ME = '5511999990001:1@s.whatsapp.net';
const ANA = '5511988880001@s.whatsapp.net';
const CHAT = '5511988880001';

const numbered = (facts: SimulatorFact[]): SimulatorEvent[] =>
  facts.map((fact, index) => ({ ...fact, seq: index + 1, at: 0 }));

const arrives = (id: string): SimulatorFact[] => [
  { kind: 'message.queued', id, from: ANA, companion: ME },
  { kind: 'message.delivered', id, from: ANA, companion: ME, attempt: 1, offline: false, retry: 0 },
  { kind: 'message.receipted', id, from: ANA, companion: ME, type: null },
];
const received = (id: string, attempt = 1): SimulatorFact => ({
  kind: 'send.received',
  id,
  companion: ME,
  to: ANA,
  attempt,
});
const acked = (id: string): SimulatorFact => ({ kind: 'send.acked', id, companion: ME, to: ANA, error: null });
const unacked = (id: string): SimulatorFact => ({ kind: 'send.unacked', id, companion: ME, to: ANA });
const read = (id: string, copies = 1): SimulatorFact => ({
  kind: 'send.decrypted',
  id,
  companion: ME,
  by: ANA,
  copies,
});
const closed: SimulatorFact = { kind: 'socket.closed', companion: ME };
const confirmed = (id: string): SimulatorFact => ({ kind: 'receipt.acked', id, companion: ME, from: ANA });

function aRow(whatsappId: string, text: string, changes: Partial<Row> = {}): Row {
  const timestamp = '2026-01-01T00:00:00.000Z';
  return { whatsappId, text, remetente: 'CLIENTE', status: 'RECEBIDA', timestamp, ordem: 1, ...changes };
}

function aRequest(text: string, answers: Partial<Request['answers'][number]>[], key: string | null = null): Request {
  const answer = { httpStatus: 201, whatsappId: null, status: 'ENVIADA', code: null, afterSeq: 1000 };
  return { text, chat: CHAT, key, recipients: [ANA], answers: answers.map((each) => ({ ...answer, ...each })) };
}

/** Two messages in, two sends out, one of them written again after a crash that swallowed its ack: all as it should be. */
function aGoodHistory(): CrashHistory {
  return {
    written: [
      { id: 'A1', text: 'um', chat: CHAT },
      { id: 'A2', text: 'dois', chat: CHAT },
    ],
    requests: [
      aRequest('três', [{ whatsappId: 'S1' }], 'k'),
      aRequest('quatro', [{ whatsappId: 'S2', status: 'PENDENTE' }]),
    ],
    told: [
      { id: 'E1', text: 'cinco', answered: true },
      { id: 'E2', text: 'seis', answered: false },
    ],
    events: numbered([
      ...arrives('A1'),
      ...arrives('A2'),
      received('S1'),
      acked('S1'),
      read('S1'),
      confirmed('S1'),
      received('S2'),
      acked('S2'),
      read('S2'),
      closed,
      received('S2', 2),
      acked('S2'),
      read('S2', 2),
    ]),
    received: [
      { by: ANA, id: 'S1', text: 'três' },
      { by: ANA, id: 'S2', text: 'quatro' },
    ],
    rows: [
      aRow('A1', 'um'),
      aRow('A2', 'dois', { ordem: 2 }),
      aRow('S1', 'três', { ordem: 3, remetente: 'ATENDENTE', status: 'ENTREGUE' }),
      aRow('S2', 'quatro', { ordem: 4, remetente: 'ATENDENTE', status: 'ENVIADA' }),
      aRow('E1', 'cinco', { ordem: 5 }),
    ],
    knownSent: [],
  };
}

test('a history in which every promise was kept passes', () => {
  expect(check(aGoodHistory())).toEqual([]);
});

describe('what the checker finds', () => {
  const cases: [name: string, spoil: (history: CrashHistory) => void, rule: string, ids: string[]][] = [
    [
      'a receipted message without a row',
      (h) => h.rows.shift(),
      'a message that was receipted is a row with its text',
      ['A1'],
    ],
    [
      'a row that only says that something came',
      (h) => (h.rows[0]!.text = 'Aguardando mensagem'),
      'a message that was receipted is a row with its text',
      ['A1'],
    ],
    [
      'a message that WhatsApp still keeps',
      (h) => (h.events = h.events.filter((event) => event.kind !== 'message.receipted')),
      'a message that was written is receipted in the end',
      ['A1', 'A2'],
    ],
    [
      'an answered webhook without a row',
      (h) => h.rows.pop(),
      'an event of an Evolution server that was answered 200 is a row with its text',
      ['E1'],
    ],
    ['a row twice', (h) => h.rows.push(h.rows[0]!), 'no row is there twice', ['A1', 'um']],
    ['a message under two ids', (h) => h.rows.push(aRow('A9', 'um')), 'no row is there twice', ['um']],
    ['a row of nobody', (h) => h.rows.push(aRow('X', 'nada')), 'every row is a message that somebody wrote', ['X']],
    [
      'an answered send that never arrived',
      (h) => h.received.pop(),
      'a send that was answered 2xx has reached each recipient under the answered id',
      ['S2'],
    ],
    [
      'an answered send whose row still waits',
      (h) => (h.rows[3]!.status = 'PENDENTE'),
      'a send that was answered 2xx is a row that says at least "sent"',
      ['S2'],
    ],
    [
      'a repeated request that made a second message',
      (h) => h.requests[0]!.answers.push({ ...h.requests[0]!.answers[0]!, whatsappId: 'S3' }),
      'a request and its repetitions have one id',
      ['S1', 'S3'],
    ],
    [
      'a text that somebody reads twice',
      (h) => h.received.push({ by: ANA, id: 'S9', text: 'três' }),
      'nobody reads one send under two ids',
      ['S1', 'S9'],
    ],
    [
      'a delivery that was confirmed and is not in the row',
      (h) => (h.rows[2]!.status = 'ENVIADA'),
      'a delivery or reading that was acknowledged to WhatsApp is in the row',
      ['S1'],
    ],
    [
      'rows in another order than they came',
      (h) => (h.rows[0]!.ordem = 9),
      "customers' messages keep their order in each chat",
      ['A1'],
    ],
    [
      'sends as rows in another order',
      (h) => (h.rows[2]!.ordem = 9),
      'sends keep their order in each chat, as rows',
      ['S1'],
    ],
    [
      'sends that arrive in another order',
      (h) => h.requests.reverse(),
      'sends keep their order in each chat, as they arrive',
      ['S2'],
    ],
  ];
  test.each(cases)('%s', (_name, spoil, rule, ids) => {
    const history = aGoodHistory();
    spoil(history);
    expect(check(history)).toContainEqual({ rule, ids });
  });
});

describe('a send that goes out again', () => {
  const rule = 'a send goes out again only while its ack is not known';
  const judge = (facts: SimulatorFact[], changes: Partial<CrashHistory> = {}) =>
    check({ ...aGoodHistory(), events: numbered([...arrives('A1'), ...arrives('A2'), ...facts]), ...changes }).filter(
      (violation) => violation.rule === rule,
    );
  const violated = [{ rule, ids: ['S2'] }];

  test('may do so when the server never acknowledged it', () => {
    expect(judge([received('S2'), unacked('S2'), received('S2', 2)])).toEqual([]);
  });

  test('may not while the socket that carried the ack is open', () => {
    expect(judge([received('S2'), acked('S2'), received('S2', 2)])).toEqual(violated);
  });

  test('may after that socket has ended, as long as nothing shows that the ack was known', () => {
    expect(judge([received('S2'), acked('S2'), closed, received('S2', 2)])).toEqual([]);
  });

  test('may not when its row already said so', () => {
    const facts = [received('S2'), acked('S2'), closed, received('S2', 2)];
    expect(judge(facts, { knownSent: [{ whatsappId: 'S2', afterSeq: 9 }] })).toEqual(violated);
  });

  test('may not when the caller was already told', () => {
    const requests = [aRequest('quatro', [{ whatsappId: 'S2', afterSeq: 9 }])];
    expect(judge([received('S2'), acked('S2'), closed, received('S2', 2)], { requests })).toEqual(violated);
  });

  test('may when the recipient asked for it', () => {
    const asked: SimulatorFact = { kind: 'send.retryRequested', id: 'S2', companion: ME, by: ANA, count: 1 };
    expect(judge([received('S2'), acked('S2'), asked, received('S2', 2)])).toEqual([]);
  });
});
