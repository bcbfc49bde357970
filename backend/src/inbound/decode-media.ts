import type { MediaEntry, ReadEntry } from '../journal/records.js';
import { safeFileName } from '../lib/file-name.js';
import type { Evento } from '../supabase/evento.js';
import { chatFromJid } from './addresses.js';

/** A file that has come into the media store, or never will → the media columns of its message's row. */
export function decodeMedia({ connectionId, rowId, stored, url, error }: MediaEntry): Evento[] {
  return [
    {
      op: 'midia',
      sessao: connectionId,
      mensagem_id: rowId,
      midia_caminho: stored?.caminho ?? null,
      midia_url: url,
      midia_tipo: stored?.tipo ?? null,
      // A job of an earlier version has the name as it came.
      midia_nome: safeFileName(stored?.nome ?? ''),
      midia_tamanho: stored?.tamanho ?? null,
      erro: error,
    },
  ];
}

/** Messages marked as read by API → `lida`, and the atendimento's count goes down. */
export function decodeRead({ connectionId, chatJid, pn, lid, whatsappIds }: ReadEntry): Evento[] {
  const chat = chatFromJid(chatJid, [pn, lid], null);
  return [{ op: 'leitura', sessao: connectionId, chat, whatsapp_ids: whatsappIds }];
}
