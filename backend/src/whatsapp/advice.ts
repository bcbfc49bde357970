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
const BY_ESTADO: Record<Estado, string | null> = {
  ready: null,
  initializing: 'Conectando ao WhatsApp. Aguarde alguns segundos.',
  authenticated: 'Pareamento aceito. Aguarde alguns segundos, a conexão está sendo concluída.',
  reconnecting: 'A conexão caiu e está sendo refeita. O gateway tenta de novo sozinho.',
  error: 'Esta conexão falhou. Reconecte; se persistir, veja o log do gateway.',
  conflict: 'Outra instância usa as mesmas credenciais. Pare a outra instância e reconecte.',
  banned: 'O WhatsApp bloqueou este número. Abra o WhatsApp no celular para ver o motivo.',
  outdated: 'O WhatsApp exige uma versão mais nova do cliente. Atualize o gateway se o aviso persistir.',
  passkey_required: 'O WhatsApp exige uma chave de acesso (passkey), o que este gateway não suporta. Use outro número.',
  idle: 'Peça o QR code desta conexão e leia com o celular.',
  qr_ready: 'Leia o QR code no WhatsApp do celular, em Aparelhos conectados.',
  pairing: 'Digite o código de pareamento no WhatsApp do celular, em Aparelhos conectados.',
  disconnected: 'Conexão desligada. Peça o QR code ou reconecte para usá-la de novo.',
  logged_out: 'O aparelho foi desconectado no WhatsApp. Leia o QR code novamente para parear.',
};

/** What a person should do about reasons that no close leads to. */
const OTHER_REASONS: Record<string, string> = {
  DISCONNECTED_BY_USER: 'Conexão desligada a pedido. Reconecte para usá-la de novo.',
  LOGGED_OUT_BY_USER: 'Sessão encerrada a pedido. Leia o QR code para parear de novo.',
  ORPHAN_REMOVED: 'A sessão ficou muito tempo sem uso e foi removida. Leia o QR code para parear de novo.',
  REMOTE_REFUSED: 'O servidor Evolution recusou esta conexão. Verifique a URL, a chave e a instância nele.',
  REMOTE_UNAVAILABLE:
    'O servidor Evolution não responde. Verifique se ele está no ar; o gateway tenta de novo sozinho.',
  REMOVED_AT_SERVER: 'A instância foi apagada no servidor Evolution. Peça um novo QR code para criá-la de novo.',
};

const BY_REASON = new Map([
  ...[...Object.values(DISCONNECT_TABLE), ...OWN_RULES].map(({ reason, advice }) => [reason, advice] as const),
  ...Object.entries(OTHER_REASONS),
]);

/** What a person should do now, in Portuguese; null when nothing. @param motivo as stored with the state */
export function adviceFor(estado: Estado, motivo: string | null): string | null {
  if (estado === 'ready') return null;
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
