import type { CloseCause } from './close-error.js';
import type { Estado } from './estado.js';

/** What happens after a close. `wait` for a person, `retry` with backoff, or `restart` at once. */
export type Action = 'stop' | 'retry' | 'restart';

export interface DisconnectRule {
  /** Stable name, shown as `motivo`. */
  reason: string;
  action: Action;
  /** The state people see while the action runs (or for good, when it stops). */
  estado: Estado;
  /** Which waiting policy a retry follows. */
  backoff: 'network' | 'upgrade' | 'refused' | 'rate-limited' | 'outdated' | 'conflict' | 'ban';
  /** Terminal codes archive the credentials: a new pairing starts clean, the old ones stay for diagnosis. */
  credentials: 'keep' | 'archive';
  /** What happens and what a person should do, in Portuguese. */
  advice: string;
}

const RETRY: Pick<DisconnectRule, 'action' | 'estado' | 'credentials'> = {
  action: 'retry',
  estado: 'reconnecting',
  credentials: 'keep',
};
const STOP: Pick<DisconnectRule, 'action' | 'backoff'> = { action: 'stop', backoff: 'refused' };

/**
 * Disconnects are a table. The codes are Baileys' (`DisconnectReason`, and `<failure reason>` or `<stream:error code>`
 * as sent by WhatsApp). Anything not listed is treated like 500: Baileys uses that for whatever it does not know.
 */
export const DISCONNECT_TABLE: Record<number, DisconnectRule> = {
  401: {
    ...STOP,
    reason: 'LOGGED_OUT',
    estado: 'logged_out',
    credentials: 'archive',
    advice: 'O aparelho foi desconectado no WhatsApp. Leia o QR code novamente para parear.',
  },
  402: {
    ...RETRY,
    reason: 'BANNED',
    estado: 'banned',
    backoff: 'ban',
    advice:
      'Número temporariamente banido pelo WhatsApp. O gateway tenta de novo quando o prazo terminar; não envie nada.',
  },
  403: {
    ...STOP,
    reason: 'ACCOUNT_LOCKED',
    estado: 'banned',
    credentials: 'archive',
    advice: 'Conta bloqueada pelo WhatsApp. Abra o WhatsApp no celular para pedir uma revisão.',
  },
  405: {
    ...RETRY,
    reason: 'OUTDATED',
    estado: 'outdated',
    backoff: 'outdated',
    advice: 'O WhatsApp exige uma versão mais nova do cliente. Atualize o gateway se o aviso persistir.',
  },
  406: {
    ...STOP,
    reason: 'ACCOUNT_BANNED',
    estado: 'banned',
    credentials: 'archive',
    advice: 'Conta banida pelo WhatsApp. Abra o WhatsApp no celular para pedir uma revisão.',
  },
  408: {
    ...RETRY,
    reason: 'TIMED_OUT',
    backoff: 'network',
    advice: 'O WhatsApp não respondeu a tempo. O gateway tenta de novo sozinho; se persistir, verifique a internet.',
  },
  409: {
    ...RETRY,
    reason: 'CONFLICT',
    estado: 'conflict',
    backoff: 'conflict',
    advice: 'Outra instância usa as mesmas credenciais. Pare a outra instância e reconecte.',
  },
  411: {
    ...STOP,
    reason: 'MULTI_DEVICE_DISABLED',
    estado: 'error',
    credentials: 'keep',
    advice: 'Ative os aparelhos conectados (multi-dispositivo) no WhatsApp do celular.',
  },
  428: {
    ...RETRY,
    reason: 'CONNECTION_CLOSED',
    backoff: 'network',
    advice: 'A conexão com o WhatsApp caiu. O gateway reconecta sozinho; se persistir, verifique a internet.',
  },
  429: {
    ...RETRY,
    reason: 'RATE_LIMITED',
    backoff: 'rate-limited',
    advice: 'O WhatsApp limitou as tentativas deste número. Aguarde, o gateway reconecta sozinho.',
  },
  440: {
    ...RETRY,
    reason: 'CONFLICT',
    estado: 'conflict',
    backoff: 'conflict',
    advice: 'Outra instância usa as mesmas credenciais. Pare a outra instância e reconecte.',
  },
  500: {
    ...RETRY,
    reason: 'CONNECTION_FAILED',
    backoff: 'refused',
    advice: 'O WhatsApp encerrou a conexão sem dizer por quê. O gateway tenta de novo sozinho, com pausas maiores.',
  },
  503: {
    ...RETRY,
    reason: 'SERVICE_UNAVAILABLE',
    backoff: 'refused',
    advice: 'O WhatsApp está reiniciando ou indisponível. O gateway tenta de novo sozinho.',
  },
  515: {
    ...RETRY,
    reason: 'RESTART_REQUIRED',
    action: 'restart',
    backoff: 'network',
    advice: 'O WhatsApp pediu uma nova conexão. O gateway reconecta na hora, sozinho.',
  },
};

/** Our own second connection uses the same device: waiting would only repeat the fight. */
export const SELF_CONFLICT: DisconnectRule = {
  ...STOP,
  reason: 'SELF_CONFLICT',
  estado: 'conflict',
  credentials: 'keep',
  advice: 'Duas conexões deste gateway usam o mesmo aparelho. Apague uma delas.',
};

/** The account may be linked with a passkey only, which Baileys 7.0.0-rc14 cannot do (WhiskeySockets/Baileys#2672). */
export const PASSKEY_REQUIRED: DisconnectRule = {
  ...STOP,
  reason: 'PASSKEY_REQUIRED',
  estado: 'passkey_required',
  credentials: 'keep',
  advice:
    'O WhatsApp exige uma chave de acesso (passkey) para conectar este número, o que este gateway não suporta. ' +
    'Use outro número ou um servidor WAHA com o motor GOWS.',
};

/** Never paired and out of QR codes: nobody is looking, so nothing is tried until a person asks again. */
export const QR_EXPIRED: DisconnectRule = {
  ...STOP,
  reason: 'QR_EXPIRED',
  estado: 'disconnected',
  credentials: 'keep',
  advice: 'O QR code expirou sem leitura. Peça um novo QR code.',
};

/** WhatsApp was not reached, or is cut off by what stands in between, or the disk failed: no code of WhatsApp's at all. */
export const CAUSE_TABLE: Record<CloseCause, DisconnectRule> = {
  unreachable: {
    ...RETRY,
    reason: 'UNREACHABLE',
    backoff: 'network',
    advice:
      'Os servidores do WhatsApp não são alcançados. Verifique a internet, o DNS, o firewall e o relógio deste servidor; ' +
      'o gateway tenta de novo sozinho.',
  },
  'upgrade-refused': {
    ...RETRY,
    reason: 'UPGRADE_REFUSED',
    backoff: 'upgrade',
    advice:
      'Um proxy ou balanceador no caminho recusa a conexão com o WhatsApp. Libere wss://web.whatsapp.com nele; ' +
      'o gateway tenta de novo sozinho a cada poucos segundos.',
  },
  'proxy-unreachable': {
    ...RETRY,
    reason: 'PROXY_UNREACHABLE',
    backoff: 'network',
    advice:
      'O WhatsApp não é alcançado pelo proxy desta conexão. Verifique se o proxy está no ar, o endereço e a porta; ' +
      'o gateway tenta de novo sozinho e nunca conecta sem o proxy.',
  },
  'proxy-refused': {
    ...RETRY,
    reason: 'PROXY_REFUSED',
    backoff: 'refused',
    advice:
      'O proxy desta conexão recusa o acesso. Verifique usuário, senha e se ele permite web.whatsapp.com:443; ' +
      'o gateway nunca conecta sem o proxy.',
  },
  disk: {
    ...RETRY,
    reason: 'DISK_REFUSED',
    backoff: 'network',
    advice:
      'O disco deste servidor não aceita gravações (cheio, somente leitura ou com defeito). Libere espaço: ' +
      'o WhatsApp guarda as mensagens e o gateway as recebe depois.',
  },
};

/** Rules that no code of WhatsApp's leads to. */
export const OWN_RULES: readonly DisconnectRule[] = [
  ...[QR_EXPIRED, SELF_CONFLICT, PASSKEY_REQUIRED],
  ...Object.values(CAUSE_TABLE),
];

/** What is known about a close besides its code. */
export interface CloseFacts {
  /** This connection has an account. */
  paired: boolean;
  /** A QR code was shown on this socket; without one, an unpaired 408 is a network failure. */
  qrShown: boolean;
  /** Another connection of this gateway is logged in as the same device. */
  rival: boolean;
  /** What it is due to, when that is not WhatsApp; default null. */
  cause?: CloseCause | null;
}

/** @param code Baileys' status code of the close; one that the table does not have is treated like 500. */
export function disconnectRule(code: number, { paired, qrShown, rival, cause = null }: CloseFacts): DisconnectRule {
  if (cause !== null) return CAUSE_TABLE[cause];
  if (code === 408 && !paired && qrShown) return QR_EXPIRED;
  const rule = DISCONNECT_TABLE[code] ?? DISCONNECT_TABLE[500]!;
  return rule.reason === 'CONFLICT' && rival ? SELF_CONFLICT : rule;
}
