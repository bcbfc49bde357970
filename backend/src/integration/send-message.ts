import type { OutboxRecord } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { GatewayError, type ErrorCode } from '../lib/errors.js';
import type { Accepted, MessageAcceptor } from '../outbound/accept-message.js';
import type { Sender } from '../outbound/sender.js';
import type { Estado } from '../whatsapp/estado.js';
import type { Connections, Sendable } from './connections.js';
import type { NewChatGate } from './new-chat-gate.js';
import { prepareMessage, type PrepareMessageDeps } from './prepare-message.js';
import type { Scope, SendMessageInput, SendResult } from './resources.js';
import type { RowWatcher } from './row-watcher.js';

export interface SendMessageDeps extends PrepareMessageDeps {
  connections: Connections;
  newChats: NewChatGate;
  acceptor: MessageAcceptor;
  sender: Sender;
  rows: RowWatcher;
  clock: Clock;
}

/** How long an accepted message waits for its row, so that the answer can name the atendimento. */
const ROW_WAIT_MS = 1_000;

/** States in which a message could never leave, so it is refused instead of kept. */
const REFUSED: Partial<Record<Estado, ErrorCode>> = { logged_out: 'LOGGED_OUT', banned: 'BANNED' };

/** Accepts one message, waits for WhatsApp's answer as long as the caller wants to, and says what became of it. */
export async function sendMessage(
  deps: SendMessageDeps,
  input: SendMessageInput,
  scope: Scope | null,
): Promise<SendResult> {
  const { client, accepted } = await acceptOnce(deps, input, scope);
  return answerFor(deps, accepted, waitMs(client, input));
}

/** What became of an accepted message within so many ms. @throws GatewayError with its final error */
export async function answerFor(deps: SendMessageDeps, accepted: Accepted, ms: number): Promise<SendResult> {
  const { connectionId, whatsappId } = accepted.record;
  const record = await deps.sender.waitForOutcome(connectionId, whatsappId, ms);
  if (record.state === 'failed') throw finalError(record);
  return present(deps, record, accepted.replayed);
}

/** A file that came with a request that is not accepted, or was before, does not stay. */
async function acceptOnce(
  deps: SendMessageDeps,
  input: SendMessageInput,
  scope: Scope | null,
): Promise<{ client: Sendable; accepted: Accepted }> {
  const { message } = input;
  const upload = 'source' in message && message.source.kind === 'upload' ? message.source.staged : null;
  try {
    const client = deps.connections.sendable(input.connectionId, scope);
    const accepted = repeated(deps, input) ?? (await acceptNew(deps, client, input));
    if (upload && accepted.replayed) await deps.intake.discard(upload);
    return { client, accepted };
  } catch (error) {
    if (upload) await deps.intake.discard(upload);
    throw error;
  }
}

/** A repeated Idempotency-Key is answered even when the connection could not send any more. */
function repeated(deps: SendMessageDeps, input: SendMessageInput): Accepted | null {
  return input.idempotency ? deps.acceptor.replay(input.connectionId, input.idempotency) : null;
}

async function acceptNew(deps: SendMessageDeps, client: Sendable, input: SendMessageInput): Promise<Accepted> {
  const refused = REFUSED[client.estado] ?? (client.paired ? null : 'NOT_PAIRED');
  if (refused) throw new GatewayError(refused, undefined, { details: { estado: client.estado } });
  const { idempotency } = input;
  // What changes a message names no recipient: its chat exists.
  if (input.to !== undefined && client.client) await deps.newChats.admit(client.client, input.to);
  const { ownerId } = client.record;
  const { fill: _filledIn, ...prepared } = await prepareMessage(deps, input, ownerId, deps.clock.now());
  const { content } = prepared;
  try {
    const accepted = await deps.acceptor.accept({ ...prepared, idempotency, remetente: 'ATENDENTE' });
    if (accepted.replayed && 'sealed' in content) await deps.intake.discard(content.sealed);
    return accepted;
  } catch (error) {
    if ('sealed' in content) await deps.intake.discard(content.sealed);
    throw error;
  }
}

/** A connection that is down, or a message that is kept back longer, cannot answer soon: "stored" is said at once. */
function waitMs(client: Sendable, { waitMs: asked, delayMs = 0, typingMs = 0 }: SendMessageInput): number {
  return client.estado === 'ready' && delayMs + typingMs < asked ? asked : 0;
}

async function present(deps: SendMessageDeps, record: OutboxRecord, replayed: boolean): Promise<SendResult> {
  const sent = record.state === 'sent';
  const hasRow = record.rowless !== true;
  const atendimentoId = await deps.rows.atendimentoOf(record.rowId, hasRow && sent && !replayed ? ROW_WAIT_MS : 0);
  return {
    httpStatus: sent ? 201 : 202,
    replayed,
    message: {
      id: hasRow ? record.rowId : null,
      whatsappId: record.whatsappId,
      connectionId: record.connectionId,
      to: record.chatJid ?? record.pn ?? record.to,
      status: sent ? 'ENVIADA' : 'PENDENTE',
      atendimentoId,
      timestamp: new Date(record.serverTime ?? record.acceptedAt).toISOString(),
    },
  };
}

function finalError(record: OutboxRecord): GatewayError {
  const { rowId, whatsappId, errorDetail } = record;
  return new GatewayError(record.error as ErrorCode, undefined, {
    details: { id: rowId, whatsappId, whatsapp: errorDetail },
  });
}
