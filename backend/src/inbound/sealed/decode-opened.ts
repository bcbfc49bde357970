import type { OpenedEntry, PartyAddress } from '../../journal/records.js';
import type { Alvo, Endereco, Evento } from '../../supabase/evento.js';
import { kindOfKey } from './sealed-kinds.js';

/** A sealed change that was opened → what it means, as if it had come unsealed; one that nobody can open is said in its
 *  target's `dados`. */
export function decodeOpened(entry: OpenedEntry): Evento[] {
  const { connectionId: sessao, key, em, target, plaintext, error } = entry;
  const kind = kindOfKey(key);
  const alvo: Alvo = { chat: party(target.chat), autor: maybe(target.author), whatsapp_id: target.whatsappId };
  let ilegivel = error ?? 'conteudoDesconhecido';
  try {
    if (kind && plaintext) return kind.events(plaintext, { sessao, alvo, autor: maybe(entry.author), em });
  } catch {
    // What it says is nothing that this version knows; the seal stays in the row.
    ilegivel = 'conteudoDesconhecido';
  }
  const dados = { [key]: { ilegivel }, ...(kind && { [kind.unreadable]: em }) };
  return [{ op: 'dados', sessao, alvo, dados }];
}

function party({ tipo, jid, pn, lid }: PartyAddress): Endereco {
  return { tipo, jid, pn, lid };
}

function maybe(address: PartyAddress | null): Endereco | null {
  return address && party(address);
}
