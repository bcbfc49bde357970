import type { PartyData } from '../notifications/webhooks/webhook-events.js';
import type { Endereco } from '../supabase/evento.js';

/** Somebody as events show them. */
export function party({ tipo, jid, pn, lid, nome, nome_perfil }: Endereco): PartyData {
  const numero = pn === null ? null : pn.slice(0, pn.indexOf('@'));
  return { tipo, jid, pn, lid, numero, nome: nome ?? null, nomePerfil: nome_perfil ?? null };
}
