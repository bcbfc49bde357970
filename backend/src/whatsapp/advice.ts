import { DISCONNECT_TABLE, OWN_RULES } from './disconnect-table.js';
import type { Estado } from './estado.js';

const BAN_PREFIX = 'BANNED_UNTIL ';

/** `motivo` of a temporary ban whose end WhatsApp has told: it survives a restart of the gateway with the state. */
export function bannedUntil(untilMs: number): string {
  return BAN_PREFIX + new Date(untilMs).toISOString();
}

/** The end of the ban that a `motivo` names, ms since the epoch; null when it names none. */
export function banEndOf(motivo: string | null): number | null {
  return motivo?.startsWith(BAN_PREFIX) ? Date.parse(motivo.slice(BAN_PREFIX.length)) : null;
}

/** Reasons of states that a person has asked for, so that nobody needs to be alerted. */
const ASKED_FOR = new Set(['DISCONNECTED_BY_USER', 'LOGGED_OUT_BY_USER']);

/** Whether a state with this `motivo` is what somebody wanted. */
export function wasAskedFor(motivo: string | null): boolean {
  return motivo !== null && ASKED_FOR.has(motivo);
}

/** What a person should do in a state that has no reason of its own. */
const BY_ESTADO: Partial<Record<Estado, string>> = {
  idle: 'Peça o QR code desta conexão e leia com o celular.',
  qr_ready: 'Leia o QR code no WhatsApp do celular, em Aparelhos conectados.',
  pairing: 'Digite o código de pareamento no WhatsApp do celular, em Aparelhos conectados.',
  disconnected: 'Conexão desligada. Peça o QR code ou reconecte para usá-la de novo.',
  logged_out: 'O aparelho foi desconectado no WhatsApp. Leia o QR code novamente para parear.',
};

const BY_REASON = new Map(
  [...Object.values(DISCONNECT_TABLE), ...OWN_RULES].map(({ reason, advice }) => [reason, advice]),
);

/** What a person should do now, in Portuguese; null when nothing. @param motivo as stored with the state */
export function adviceFor(estado: Estado, motivo: string | null): string | null {
  const end = banEndOf(motivo);
  if (end !== null) return `${BY_REASON.get('BANNED')} Prazo: ${brazilianTime(end)} (Brasília).`;
  return BY_REASON.get(motivo ?? '') ?? BY_ESTADO[estado] ?? null;
}

function brazilianTime(ms: number): string {
  return new Intl.DateTimeFormat('pt-BR', {
    timeZone: 'America/Sao_Paulo',
    dateStyle: 'short',
    timeStyle: 'short',
  }).format(ms);
}
