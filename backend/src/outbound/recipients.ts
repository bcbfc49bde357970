import { withDeadline } from '../lib/deadline.js';
import { isGatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { bareDigits, isValidAbroad, parseRecipient, pnJid, spellings, type Recipient } from '../lib/phone-number.js';
import type { NumberAnswer, NumberCheck } from './number-check.js';
import type { SendChannel } from './send-channel.js';

export interface RecipientsDeps {
  numbers: Pick<NumberCheck, 'known' | 'met' | 'check'>;
  channelOf: (connectionId: string) => SendChannel | undefined;
  /** Whether the connection has a contact under one of these JIDs, as the database knows. */
  isContact: (connectionId: string, jids: string[]) => Promise<boolean>;
  log: Log;
}

const LOOKUP_DEADLINE_MS = 1_500;

/**
 * Reads recipients with what a connection knows: whoever wrote to it can be written back to under the digits that stand in
 * `numero_cliente`, also when no numbering plan has them (0800…, short codes) or when they could be read as a Brazilian
 * number without its country code.
 */
export class Recipients {
  constructor(private readonly deps: RecipientsDeps) {}

  /**
   * The database is asked only when the digits alone do not say who is meant; while it is away, they are read as they stand.
   * @param field the request's field, named in the error
   * @throws GatewayError `INVALID_RECIPIENT` with `details: { field, fix }`
   */
  async read(connectionId: string, input: string, field = 'to'): Promise<Recipient> {
    const digits = bareDigits(input);
    if (digits === null) return parseRecipient(input, field);
    const parsed = parsedOrError(input, field);
    if ('kind' in parsed && !isAmbiguous(digits, parsed)) return parsed;
    if (await this.#isKnown(connectionId, digits)) return { kind: 'number', digits, candidates: spellings(digits) };
    if ('kind' in parsed) return parsed;
    throw parsed.error;
  }

  /** Where WhatsApp knows a number: asked when the connection is ready, else what is known of it; null = nothing. */
  async find(connectionId: string, digits: string): Promise<NumberAnswer | null> {
    const { numbers } = this.deps;
    const channel = this.deps.channelOf(connectionId);
    return channel?.estado === 'ready' ? numbers.check(channel, digits) : numbers.known(connectionId, digits);
  }

  async #isKnown(connectionId: string, digits: string): Promise<boolean> {
    const { numbers } = this.deps;
    if (numbers.met(connectionId, digits) ?? numbers.known(connectionId, digits)?.kind === 'found') return true;
    try {
      const lookup = this.deps.isContact(connectionId, spellings(digits).map(pnJid));
      return await withDeadline(lookup, LOOKUP_DEADLINE_MS, 'contacts');
    } catch (error) {
      this.deps.log.warn('recipient read without the contacts: the database is away', { connectionId, error });
      return false;
    }
  }
}

function parsedOrError(input: string, field: string): Recipient | { error: unknown } {
  try {
    return parseRecipient(input, field);
  } catch (error) {
    if (isGatewayError(error, 'INVALID_RECIPIENT')) return { error };
    throw error;
  }
}

/** Read as Brazilian although the digits could be an account as they stand: `47 9999-9999` is Norwegian, too. */
function isAmbiguous(digits: string, parsed: Recipient): boolean {
  if (parsed.kind !== 'number' || parsed.digits === digits) return false;
  return digits.startsWith('0') || isValidAbroad(digits);
}
