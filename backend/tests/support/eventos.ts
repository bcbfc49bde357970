import { randomUUID } from 'node:crypto';
import type { Endereco, EventoMensagem, EventoSessao } from '../../src/supabase/evento.js';

let counter = 0;
const next = () => ++counter;

/** A customer known by number and LID unless told otherwise. */
export function aPerson(changes: Partial<Endereco> = {}): Endereco {
  const n = 10_000_000 + next();
  const pn = `55119${n}@s.whatsapp.net`;
  const lid = `${n}77@lid`;
  const merged = { tipo: 'pessoa' as const, jid: lid, pn, lid, ...changes };
  return { ...merged, jid: changes.jid ?? merged.lid ?? merged.pn ?? lid };
}

export function aGroup(): Endereco {
  return { tipo: 'grupo', jid: `1203630${next()}@g.us`, pn: null, lid: null, nome: 'Família' };
}

/** The first event of a connection: its row. */
export function aSession(changes: Partial<EventoSessao> = {}): EventoSessao {
  return {
    op: 'sessao',
    sessao: `c-${next()}`,
    id: randomUUID(),
    owner_id: randomUUID(),
    nome: 'Conexão',
    numero: '5511900000000',
    lid: '900000000@lid',
    ...changes,
  };
}

/** A customer's text. `autor` is the chat unless given; null makes it an agent's. */
export function aMessage(
  sessao: string,
  chat: Endereco,
  changes: Partial<Omit<EventoMensagem, 'op' | 'sessao' | 'chat'>> = {},
): EventoMensagem {
  const n = next();
  const isOurs = changes.autor === null;
  return {
    op: 'mensagem',
    sessao,
    id: randomUUID(),
    chat,
    autor: chat,
    remetente_jid: chat.jid,
    whatsapp_id: `3EB0${n}`,
    ordem: n,
    timestamp: new Date(Date.UTC(2026, 10, 21) + n * 1000).toISOString(),
    remetente: isOurs ? 'ATENDENTE' : 'CLIENTE',
    tipo: 'TEXTO',
    subtipo: null,
    conteudo: `mensagem ${n}`,
    status: isOurs ? 'PENDENTE' : 'RECEBIDA',
    ...changes,
  };
}
