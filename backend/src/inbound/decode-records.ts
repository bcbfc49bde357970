import type { ContactEntry, SessionEntry } from '../journal/records.js';
import type { Evento, EventoSessao } from '../supabase/evento.js';
import { plainJid } from './addresses.js';

/** Columns of `whatsapp_sessions` that an entry may set. */
const SESSION_COLUMNS = [
  'id',
  'owner_id',
  'company_id',
  'nome',
  'driver',
  'status',
  'estado',
  'motivo',
  'numero',
  'lid',
  'qr_code',
  'connected_at',
  'disconnected_at',
  'ultima_atividade',
  'configuracao',
  'owner_texto',
  'company_texto',
] as const satisfies (keyof EventoSessao)[];

/** A change of a connection → its row's columns; what is no column is left out. */
export function decodeSession(entry: SessionEntry): Evento[] {
  const changes: Record<string, unknown> = {};
  for (const column of SESSION_COLUMNS) {
    if (entry.changes[column] !== undefined) changes[column] = entry.changes[column];
  }
  return [{ op: 'sessao', sessao: entry.connectionId, ordem: entry.seq, ...changes }];
}

/** Names or addresses of somebody → their contato. */
export function decodeContact(entry: ContactEntry): Evento[] {
  return [
    {
      op: 'contato',
      sessao: entry.connectionId,
      contato: {
        tipo: entry.tipo,
        jid: plainJid(entry.jid),
        pn: entry.pn === null ? null : plainJid(entry.pn),
        lid: entry.lid === null ? null : plainJid(entry.lid),
        ...(entry.nome === undefined ? {} : { nome: entry.nome }),
        ...(entry.nomePerfil === undefined ? {} : { nome_perfil: entry.nomePerfil }),
        ...(entry.nomeEmpresa === undefined ? {} : { nome_empresa: entry.nomeEmpresa }),
        ...(entry.bloqueado === undefined ? {} : { bloqueado: entry.bloqueado }),
        ...(entry.foto && { foto_url: entry.foto.url, foto_em: new Date(entry.foto.at).toISOString() }),
      },
    },
  ];
}
