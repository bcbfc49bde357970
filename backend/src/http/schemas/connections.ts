import { z } from 'zod';
import type { ConnectionResource } from '../../integration/resources.js';
import { proxyInput, shownProxy } from './connection-proxy.js';
import { connectionSettings } from './connection-settings.js';
import { cleanText, connectionId, isoTime, isoTimeOrNull, party, partyText } from './common.js';

/** An object, so that the compiler misses a state that is not here. */
const ESTADOS = {
  idle: 0,
  initializing: 0,
  pairing: 0,
  qr_ready: 0,
  authenticated: 0,
  ready: 0,
  reconnecting: 0,
  disconnected: 0,
  logged_out: 0,
  error: 0,
  conflict: 0,
  banned: 0,
  outdated: 0,
  passkey_required: 0,
} satisfies Record<ConnectionResource['estado'], 0>;

const evolution = z
  .object({
    url: z
      .string()
      .max(500)
      .refine((text) => URL.canParse(text) && /^https?:\/\/[^@]+$/i.test(text), 'must be an http:// or https:// URL')
      .optional(),
    apiKey: z
      .string()
      .regex(/^[\x21-\x7e]{1,512}$/, 'must be visible ASCII characters without spaces')
      .optional(),
    instance: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_. -]{0,99}$/, 'must be 1 to 100 of A-Z a-z 0-9 _ . - and spaces')
      .optional()
      .meta({ description: 'Its name at the server; the connectionId unless given.' }),
  })
  .refine(({ url, apiKey }) => (url === undefined) === (apiKey === undefined), 'must have url and apiKey, or neither')
  .meta({ description: 'Its server; without url and apiKey that of EVOLUTION_API_URL.' });

export const createConnectionBody = z
  .object({
    connectionId,
    name: cleanText(200).min(1).optional(),
    ownerId: party.optional(),
    companyId: party.nullable().optional(),
    driver: z
      .enum(['baileys', 'evolution'])
      .optional()
      .meta({ description: 'Where it lives: a socket in this process (default), or an Evolution API server.' }),
    evolution: evolution.optional(),
    settings: connectionSettings.optional(),
    proxy: proxyInput.optional(),
  })
  .meta({ id: 'CreateConnection' });

export const pairingCodeBody = z
  .object({
    phoneNumber: z
      .string()
      .regex(/^[+\d\s().-]{6,32}$/, 'must be the phone number to link, such as +55 11 99999-9999')
      .meta({ example: '+55 11 99999-9999' }),
  })
  .meta({ id: 'PairingCodeRequest' });

export const qrQuery = z.object({ format: z.enum(['json', 'png', 'svg']).optional() });

const account = z
  .object({
    newChats: z
      .object({
        paused: z.boolean(),
        reason: z.string().nullable().meta({ description: 'REACHOUT_TIMELOCK, NEW_CHAT_CAP or RATE_LIMITED.' }),
        until: isoTimeOrNull,
        conselho: z.string().nullable(),
      })
      .meta({ description: 'Sends to people who have not written first; replies always go on.' }),
    reachoutTimelock: z
      .object({ active: z.boolean(), until: isoTimeOrNull, type: z.string().nullable() })
      .nullable()
      .meta({ description: "WhatsApp's lock on new chats (error 463)." }),
    newChatCap: z
      .object({
        status: z.string().meta({ description: 'NONE, FIRST_WARNING, SECOND_WARNING or CAPPED.' }),
        total: z.number().nullable(),
        used: z.number().nullable(),
        cycleEndsAt: isoTimeOrNull,
      })
      .nullable(),
    rateLimitedAt: isoTimeOrNull,
    undecryptable: z.object({ lastHour: z.number().int(), total: z.number().int() }),
  })
  .meta({ id: 'Account' });

export const connection = z
  .object({
    id: z.string(),
    name: z.string(),
    ownerId: z.string(),
    ownerText: partyText,
    companyId: z.string().nullable(),
    companyText: partyText,
    driver: z.string(),
    status: z.enum(['disconnected', 'connecting', 'connected', 'error']),
    estado: z.enum(Object.keys(ESTADOS)),
    motivo: z.string().nullable().meta({ description: 'Why it is in this state.' }),
    conselho: z.string().nullable().meta({ description: 'What a person should do now.' }),
    numero: z.string().nullable(),
    lid: z.string().nullable(),
    connectedAt: isoTimeOrNull,
    disconnectedAt: isoTimeOrNull,
    lastActivityAt: isoTimeOrNull,
    account: account.nullable(),
    settings: z
      .record(z.string(), z.unknown())
      .meta({ description: 'Settings that were made; all others are at their default.' }),
    proxy: shownProxy,
    remote: z
      .object({
        instance: z.string(),
        url: z.string().nullable(),
        circuit: z.enum(['closed', 'open', 'half-open']).meta({ description: 'Circuit breaker of that server.' }),
      })
      .optional()
      .meta({ description: 'Its server, with `driver` evolution.' }),
    warnings: z
      .array(z.string())
      .meta({ description: 'In Portuguese, such as: the phone is linked to another connection, too.' }),
  })
  .meta({ id: 'Connection' });

export const connectionReply = z.object({ success: z.literal(true), connection });
export const connectionDataReply = z.object({ success: z.literal(true), data: connection });

export const qrReply = z
  .object({
    success: z.literal(true),
    qrCode: z.string().meta({ description: 'PNG as data URL.' }),
    code: z.string().meta({ description: 'The text that a phone scans.' }),
    expiresAt: isoTime,
  })
  .meta({ id: 'Qr' });

export const pairingCodeReply = z.object({
  success: z.literal(true),
  pairingCode: z.string().meta({ description: 'Typed on the phone: Linked devices, Link with phone number.' }),
  expiresAt: isoTime,
});
