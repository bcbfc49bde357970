import type { DecodeOptions } from '../inbound/decode-options.js';

/** What a connection can be told (`whatsapp_sessions.configuracao`); described in http/schemas/connection-settings.ts. */
export interface ConnectionSettings extends DecodeOptions {
  rejeitarChamadas: boolean;
  textoChamadaRejeitada: string;
  /** The robot says nothing here. */
  silenciosa: boolean;
  /** What becomes of open atendimentos when another number is paired; read by the database (registrar_eventos). */
  aoTrocarNumero: 'fechar' | 'separar';
}

/** Settings as they stand after a change; null takes a setting back. */
export function changedSettings(
  settings: Record<string, unknown>,
  changes: Record<string, unknown>,
): Record<string, unknown> {
  const entries = Object.entries({ ...settings, ...changes });
  return Object.fromEntries(entries.filter(([, value]) => value !== null && value !== undefined));
}
