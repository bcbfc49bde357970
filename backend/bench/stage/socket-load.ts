import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../../src/journal/webhooks/records.js';

/** The same clock in every process of this machine, ms. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Calls `act(0)`, `act(1)`, … at an even pace, whatever each call takes; then waits a moment for what is under way. */
export async function paced(perSecond: number, seconds: number, act: (n: number) => void): Promise<void> {
  const startedAt = monotonicMs();
  for (let n = 0; n < perSecond * seconds; n++) {
    const wait = startedAt + (n * 1000) / perSecond - monotonicMs();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    act(n);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
}

/** A message of a customer as webhooks and WebSockets tell it; `ordem` numbers it. */
export function aMessage(n: number, ownerId: string): NewEvent {
  const numero = '5511987654321';
  const chat = { tipo: 'pessoa', jid: `${numero}@s.whatsapp.net`, pn: `${numero}@s.whatsapp.net`, lid: null, numero };
  const names = { nome: 'Ana Maria', nomePerfil: 'Ana' };
  const ids = { mensagemId: randomUUID(), atendimentoId: randomUUID(), contatoId: randomUUID() };
  const data = {
    ...{ ...ids, whatsappId: '3EB0A1B2C3D4E5F60718', chat: { ...chat, ...names }, autor: { ...chat, ...names } },
    ...{ remetente: 'CLIENTE', origem: null, tipo: 'TEXTO', subtipo: null, status: 'RECEBIDA', respostaA: null },
    conteudo: 'Bom dia! Gostaria de saber se o pedido 4711 já saiu para entrega.',
    ...{ midia: null, dados: null, timestamp: new Date().toISOString(), ordem: n },
  };
  const about = { connectionId: `loja-${ownerId.slice(0, 8)}`, ownerId, companyId: null };
  return { id: `evt_${randomUUID()}`, type: 'messageReceived', ...about, at: Date.now(), expiresAt: null, data };
}
