import { randomBytes } from 'node:crypto';
import type { AuthenticationCreds } from '@whiskeysockets/baileys';

/** A QR code that a phone can scan now. */
export interface QrCode {
  /** The text inside the code. */
  code: string;
  /** ms since the epoch. */
  shownAt: number;
  expiresAt: number;
}

/** Baileys shows the first code for 60 s and each later one for 20 s (lib/Socket/socket.js, genPairQR). */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
/** `https://wa.me/settings/linked_devices#ref,noise key,identity key,adv secret,platform`. */
const ADV_SECRET_FIELD = 3;

/**
 * The codes of one registration socket. Every rotation is shown: never latch on the first one.
 *
 * WhatsApp may answer a scan with `<notification type="companion_reg_refresh">`: the secret on the screen is dead, and
 * only a code with a fresh one completes the pairing. Baileys 7.0.0-rc14 acknowledges that notification and forgets it
 * (WhiskeySockets/Baileys#2737), so the secret is rotated here and the current ref shown again with it.
 */
export class Pairing {
  #qr: QrCode | null = null;
  #shown = 0;

  constructor(
    private readonly deps: {
      creds: AuthenticationCreds;
      saveCreds: () => void;
      now: () => number;
      onQr: (qr: QrCode) => void;
    },
  ) {}

  get qr(): QrCode | null {
    return this.#qr && this.#qr.expiresAt > this.deps.now() ? this.#qr : null;
  }

  /** A code as Baileys built it, with the secret it captured when the socket opened. */
  show(text: string): void {
    const now = this.deps.now();
    const lifeMs = this.#shown === 0 ? FIRST_QR_MS : NEXT_QR_MS;
    this.#shown += 1;
    this.#set({ code: this.#withCurrentSecret(text), shownAt: now, expiresAt: now + lifeMs });
  }

  /** `companion_reg_refresh`: a new secret, the same ref. */
  refresh(): void {
    this.deps.creds.advSecretKey = randomBytes(32).toString('base64');
    this.deps.saveCreds();
    if (this.#qr) this.#set({ ...this.#qr, code: this.#withCurrentSecret(this.#qr.code), shownAt: this.deps.now() });
  }

  clear(): void {
    this.#qr = null;
  }

  #set(qr: QrCode): void {
    this.#qr = qr;
    this.deps.onQr(qr);
  }

  #withCurrentSecret(text: string): string {
    const [prefix, fields] = splitOnce(text, '#');
    const parts = fields.split(',');
    parts[ADV_SECRET_FIELD] = this.deps.creds.advSecretKey;
    return `${prefix}#${parts.join(',')}`;
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)];
}

/** Paired means WhatsApp gave this device an account; `me` alone is set by a mere request for a pairing code. */
export function isPaired(creds: Pick<AuthenticationCreds, 'account' | 'me'> | null): boolean {
  return creds?.account != null && creds.me != null;
}

/** A request for a pairing code sets `me` before anything is paired; logging in with that is refused (401). */
export function forgetHalfPairing(creds: AuthenticationCreds): void {
  if (!creds.me || isPaired(creds)) return;
  delete creds.me;
  creds.pairingCode = undefined;
  creds.registered = false;
}
