import type { ClusterAddress } from './cluster.js';
import type { LocalKeys } from './keys.js';

/** What the API thread is started with. */
export interface ApiThreadInput {
  /** A connection URL, or the socket of the embedded cluster. */
  database: string | ClusterAddress;
  keys: LocalKeys;
  /** 0 = any free port. */
  port: number;
  /** Origins of pages that may call; none unless given. */
  origins?: readonly string[];
  /** Whether whoever has the anon key may make users. */
  signup?: boolean;
}

/** What it tells. `failed` is its last word. */
export type FromApiThread =
  | { type: 'ready'; port: number; migrated: string[]; users: boolean }
  | { type: 'failed'; name: string; code: string | null; message: string }
  | { type: 'log'; level: 'warn' | 'error'; message: string; meta: Record<string, unknown> };

/** What it is told. It then closes everything and ends. */
export interface ToApiThread {
  type: 'close';
}
