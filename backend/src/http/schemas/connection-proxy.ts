import { isIP } from 'node:net';
import { z } from 'zod';

const LABEL = /^[a-z0-9_][a-z0-9_-]{0,62}$/;
const LONGEST_NAME = 253;
/** RFC 1929 gives each of them one byte of length; a user of HTTP's Basic scheme has no colon. */
const LONGEST_BYTES = 255;

const credential = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= LONGEST_BYTES, `must have at most ${LONGEST_BYTES} bytes`)
  .refine((text) => !/\p{Cc}/u.test(text), 'must have no control characters');

const host = z
  .string()
  .transform((text) =>
    text
      .trim()
      .replace(/^\[(.*)\]$/, '$1')
      .toLowerCase(),
  )
  .pipe(
    z
      .string()
      .refine((text) => isIP(text) !== 0 || isName(text), 'must be a host name or an IP address, without a URL'),
  );

/** The proxy of a connection as it is asked for; null = none. */
export const proxyInput = z
  .strictObject({
    protocol: z.enum(['http', 'https', 'socks5']).meta({ description: 'How the proxy itself is spoken to.' }),
    host,
    port: z.int().min(1).max(65_535),
    username: credential
      .refine((text) => !text.includes(':'), 'must have no colon')
      .nullable()
      .optional(),
    password: credential
      .nullable()
      .optional()
      .meta({ description: 'Absent or `***`: that of before, at the same host and port. null: none.' }),
  })
  .nullable()
  .meta({
    description:
      'Everything of this connection goes through it (socket, uploads, downloads); null: straight. Only for `driver` ' +
      'baileys. Tried before it is stored; private addresses need OUTGOING_PRIVATE_ADDRESSES.',
  });

export const shownProxy = z
  .object({
    protocol: z.string(),
    host: z.string(),
    port: z.int(),
    username: z.string().nullable(),
    password: z.string().nullable().meta({ description: '`***` when there is one.' }),
  })
  .nullable()
  .meta({ description: 'null: it connects straight.' });

function isName(text: string): boolean {
  return text.length <= LONGEST_NAME && text.split('.').every((label) => LABEL.test(label));
}
