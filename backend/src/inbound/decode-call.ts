import type { CallEntry } from '../journal/records.js';
import type { Endereco, Evento } from '../supabase/evento.js';
import { ownNumber } from './addresses.js';
import { isLeftOut, type DecodeOptions } from './decode-options.js';
import { rowId } from './row-id.js';

/** `subtipo` of a call that nobody answered. */
const CHAMADA_PERDIDA = 'CHAMADA_PERDIDA';

/** A call → a row when it was missed and the connection wants that; what else becomes of calls is told, and no row. */
export function decodeCall(entry: CallEntry, options: DecodeOptions): Evento[] {
  const { callId, status, group, video, connectionId: sessao } = entry;
  if (status !== 'missed' || !options.registrarChamadas) return [];
  if (group && isLeftOut('grupo', options)) return [];
  const autor: Endereco = entry.caller;
  const chat: Endereco = group ?? autor;
  return [
    {
      ...{ op: 'mensagem', sessao, id: rowId(sessao, chat.jid, autor.jid, callId), chat, autor },
      ...{ remetente_jid: autor.jid, whatsapp_id: callId, ordem: entry.seq, remetente: 'CLIENTE' },
      numero_proprio: ownNumber(entry.me ?? null),
      timestamp: new Date(entry.time ?? entry.at).toISOString(),
      ...{ tipo: 'TEXTO', subtipo: CHAMADA_PERDIDA, conteudo: `Chamada de ${video ? 'vídeo' : 'voz'} perdida` },
      ...{ status: 'RECEBIDA', dados: { chamada: { id: callId, video } } },
    },
  ];
}
