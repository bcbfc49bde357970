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
/** Of a user's instance; the database says the same (supabase/migrations/20261121001800). */
export type InstanceStatus = SessionStatus | 'waiting_qr';

/** One state, told to each kind of reader in its own words. */
export const ESTADO_TABLE: Record<Estado, { pool: PoolStatus; session: SessionStatus; instance: InstanceStatus }> = {
  idle: { pool: 'idle', session: 'disconnected', instance: 'disconnected' },
  initializing: { pool: 'initializing', session: 'connecting', instance: 'connecting' },
  pairing: { pool: 'initializing', session: 'connecting', instance: 'connecting' },
  qr_ready: { pool: 'qr_ready', session: 'connecting', instance: 'waiting_qr' },
  authenticated: { pool: 'authenticated', session: 'connecting', instance: 'connecting' },
  ready: { pool: 'ready', session: 'connected', instance: 'connected' },
  reconnecting: { pool: 'disconnected', session: 'connecting', instance: 'connecting' },
  disconnected: { pool: 'disconnected', session: 'disconnected', instance: 'disconnected' },
  logged_out: { pool: 'disconnected', session: 'disconnected', instance: 'disconnected' },
  error: { pool: 'error', session: 'error', instance: 'error' },
  conflict: { pool: 'error', session: 'error', instance: 'error' },
  banned: { pool: 'error', session: 'error', instance: 'error' },
  outdated: { pool: 'error', session: 'error', instance: 'error' },
  passkey_required: { pool: 'error', session: 'error', instance: 'error' },
};
