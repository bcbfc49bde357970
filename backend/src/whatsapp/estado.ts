/** States of a connection as people see them. */
export const ESTADOS = [
  'idle',
  'initializing',
  'pairing',
  'qr_ready',
  'authenticated',
  'ready',
  'reconnecting',
  'disconnected',
  'logged_out',
  'error',
  'conflict',
  'banned',
  'outdated',
  'passkey_required',
] as const;
export type Estado = (typeof ESTADOS)[number];

export type PoolStatus = 'idle' | 'initializing' | 'qr_ready' | 'authenticated' | 'ready' | 'disconnected' | 'error';
export type SessionStatus = 'disconnected' | 'connecting' | 'connected' | 'error';

/** One state, told to each kind of reader in its own words. */
export const ESTADO_TABLE: Record<Estado, { pool: PoolStatus; session: SessionStatus }> = {
  idle: { pool: 'idle', session: 'disconnected' },
  initializing: { pool: 'initializing', session: 'connecting' },
  pairing: { pool: 'initializing', session: 'connecting' },
  qr_ready: { pool: 'qr_ready', session: 'connecting' },
  authenticated: { pool: 'authenticated', session: 'connecting' },
  ready: { pool: 'ready', session: 'connected' },
  reconnecting: { pool: 'disconnected', session: 'connecting' },
  disconnected: { pool: 'disconnected', session: 'disconnected' },
  logged_out: { pool: 'disconnected', session: 'disconnected' },
  error: { pool: 'error', session: 'error' },
  conflict: { pool: 'error', session: 'error' },
  banned: { pool: 'error', session: 'error' },
  outdated: { pool: 'error', session: 'error' },
  passkey_required: { pool: 'error', session: 'error' },
};
