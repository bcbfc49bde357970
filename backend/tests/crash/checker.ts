import type { SimulatorEvent } from '../../src/simulator/index.js';
import type { CrashHistory, Request, Row } from './history.js';

/** A broken promise, and the ids that show it. */
export interface Violation {
  rule: string;
  ids: string[];
}

type Rule = (history: CrashHistory) => string[];
type EventOf<K extends SimulatorEvent['kind']> = Extract<SimulatorEvent, { kind: K }>;

/**
 * Judges what was seen once everything is settled: nothing queued, nothing in flight. Pure; each rule returns the ids
 * that break it.
 */
export function check(history: CrashHistory): Violation[] {
  return Object.entries(RULES).flatMap(([rule, judge]) => {
    const ids = [...new Set(judge(history))];
    return ids.length === 0 ? [] : [{ rule, ids }];
  });
}

const RULES: Record<string, Rule> = {
  'a message that was receipted is a row with its text': ({ written, events, rows }) => {
    const receipted = new Set(of(events, 'message.receipted').map(({ id }) => id));
    const texts = new Map(rows.map((row) => [row.whatsappId, row.text]));
    return written.filter(({ id, text }) => receipted.has(id) && texts.get(id) !== text).map(({ id }) => id);
  },

  'a message that was written is receipted in the end': ({ written, events }) => {
    const receipted = new Set(of(events, 'message.receipted').map(({ id }) => id));
    return written.filter(({ id }) => !receipted.has(id)).map(({ id }) => id);
  },

  'an event of an Evolution server that was answered 200 is a row with its text': ({ told, rows }) => {
    const texts = new Map(rows.map((row) => [row.whatsappId, row.text]));
    return told.filter(({ id, text, answered }) => answered && texts.get(id) !== text).map(({ id }) => id);
  },

  'no row is there twice': ({ rows }) => [
    ...repeated(rows.map(({ whatsappId }) => whatsappId)),
    ...repeated(rows.map(({ text }) => text)),
  ],

  'every row is a message that somebody wrote': ({ written, requests, told, rows }) => {
    const known = new Set([...written, ...requests, ...told].map(({ text }) => text));
    return rows.filter(({ text }) => !known.has(text)).map(({ whatsappId }) => whatsappId);
  },

  'a send that was answered 2xx has reached each recipient under the answered id': ({ requests, received }) => {
    const arrived = new Set(received.map(({ by, id, text }) => `${by} ${id} ${text}`));
    return accepted(requests)
      .filter(({ id, recipients, text }) => recipients.some((by) => !arrived.has(`${by} ${id} ${text}`)))
      .map(({ id }) => id);
  },

  'a send that was answered 2xx is a row that says at least "sent"': ({ requests, rows }) => {
    const sent = new Map(rows.filter(isSent).map((row) => [row.whatsappId, row.text]));
    return accepted(requests)
      .filter(({ id, text }) => sent.get(id) !== text)
      .map(({ id }) => id);
  },

  'a request and its repetitions have one id': ({ requests }) =>
    requests.filter((request) => new Set(idsOf(request)).size > 1).flatMap(idsOf),

  'nobody reads one send under two ids': ({ received }) => {
    const pairs = new Map(received.map(({ by, id, text }) => [`${by} ${id}`, { id, key: `${by} ${text}` }]));
    const twice = new Set(repeated([...pairs.values()].map(({ key }) => key)));
    return [...pairs.values()].filter(({ key }) => twice.has(key)).map(({ id }) => id);
  },

  'a send goes out again only while its ack is not known': (history) =>
    of(history.events, 'send.received')
      .filter((attempt) => attempt.attempt > 1 && !mayRepeat(history, attempt))
      .map(({ id }) => id),

  'a delivery or reading that was acknowledged to WhatsApp is in the row': ({ events, rows }) => {
    const status = new Map(rows.map((row) => [row.whatsappId, row.status]));
    return of(events, 'receipt.acked')
      .filter(({ id }) => status.has(id) && !DELIVERED.has(status.get(id)!))
      .map(({ id }) => id);
  },

  "customers' messages keep their order in each chat": ({ written, events, rows }) => {
    const queued = new Map(of(events, 'message.queued').map(({ id, seq }) => [id, seq]));
    const chats = new Map(written.map(({ id, chat }) => [id, chat]));
    return perChat(rows.filter(({ whatsappId }) => chats.has(whatsappId)).sort(byPlace), (row) =>
      chats.get(row.whatsappId)!,
    ).flatMap((chat) => outOfOrder(chat, ({ whatsappId }) => queued.get(whatsappId) ?? 0));
  },

  'sends keep their order in each chat, as rows': ({ requests, rows }) => {
    const places = new Map(requests.map(({ text }, index) => [text, index]));
    const chats = new Map(requests.map(({ text, chat }) => [text, chat]));
    return perChat(rows.filter(({ text }) => places.has(text)).sort(byPlace), ({ text }) => chats.get(text)!).flatMap(
      (chat) => outOfOrder(chat, ({ text }) => places.get(text)!),
    );
  },

  'sends keep their order in each chat, as they arrive': ({ requests, received, events }) => {
    const places = new Map(requests.map(({ text }, index) => [text, index]));
    const chats = new Map(requests.map(({ text, chat }) => [text, chat]));
    const texts = new Map(received.map(({ id, text }) => [id, text]));
    const first = of(events, 'send.decrypted')
      .filter(({ copies, id }) => copies === 1 && places.has(texts.get(id) ?? ''))
      .map(({ id, by }) => ({ whatsappId: id, by, text: texts.get(id)! }));
    return perChat(first, ({ by, text }) => `${by} ${chats.get(text)}`).flatMap((chat) =>
      outOfOrder(chat, ({ text }) => places.get(text)!),
    );
  },
};

const DELIVERED = new Set(['ENTREGUE', 'LIDA', 'REPRODUZIDA']);

function isSent({ status }: Row): boolean {
  return status === 'ENVIADA' || DELIVERED.has(status);
}

/**
 * A further attempt is right when the one before had no ack (the server says so), or when the socket that its ack was
 * written to ended before anything shows that the daemon knew of it; and when a recipient asked for the message again.
 */
function mayRepeat({ events, requests, knownSent }: CrashHistory, attempt: EventOf<'send.received'>): boolean {
  const { id, companion } = attempt;
  const earlier = events.filter((event) => event.seq < attempt.seq);
  if (earlier.some((event) => event.kind === 'send.retryRequested' && event.id === id)) return true;
  const acked = earlier.findLast((event) => event.kind === 'send.acked' && event.id === id && event.error === null);
  if (!acked) return true;
  const known = [
    ...knownSent.filter(({ whatsappId }) => whatsappId === id).map(({ afterSeq }) => afterSeq),
    ...requests
      .flatMap(({ answers }) => answers)
      .filter(({ whatsappId, status }) => whatsappId === id && status === 'ENVIADA')
      .map(({ afterSeq }) => afterSeq),
  ];
  if (known.some((afterSeq) => afterSeq < attempt.seq)) return false;
  return earlier.some(
    (event) => event.kind === 'socket.closed' && event.companion === companion && event.seq > acked.seq,
  );
}

function of<K extends SimulatorEvent['kind']>(events: readonly SimulatorEvent[], kind: K): EventOf<K>[] {
  return events.filter((event): event is EventOf<K> => event.kind === kind);
}

function idsOf({ answers }: Request): string[] {
  return answers.flatMap(({ httpStatus, whatsappId }) => (httpStatus < 300 && whatsappId ? [whatsappId] : []));
}

function accepted(requests: Request[]): (Request & { id: string })[] {
  return requests.flatMap((request) => idsOf(request).map((id) => ({ ...request, id })));
}

function repeated(values: string[]): string[] {
  const seen = new Set<string>();
  return values.filter((value) => seen.size === seen.add(value).size);
}

/** As a reader of the database sees a chat. */
function byPlace(a: Row, b: Row): number {
  return a.timestamp === b.timestamp ? a.ordem - b.ordem : a.timestamp < b.timestamp ? -1 : 1;
}

function perChat<T>(items: T[], chatOf: (item: T) => string): T[][] {
  const chats = new Map<string, T[]>();
  for (const item of items) chats.set(chatOf(item), [...(chats.get(chatOf(item)) ?? []), item]);
  return [...chats.values()];
}

function outOfOrder<T extends { whatsappId: string }>(items: T[], placeOf: (item: T) => number): string[] {
  return items
    .filter((item, at) => at > 0 && placeOf(items[at - 1]!) > placeOf(item))
    .map(({ whatsappId }) => whatsappId);
}
