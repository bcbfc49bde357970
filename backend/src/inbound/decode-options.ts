import type { ChatKind } from './stanza-addresses.js';

/** What a connection leaves out, by its settings (`whatsapp_sessions.configuracao`). */
export interface DecodeOptions {
  /** Status broadcasts; default true. */
  ignorarStatus: boolean;
  /** Groups; default false. */
  ignorarGrupos: boolean;
  /** Channels (newsletters); default true. */
  ignorarCanais: boolean;
  /** Old chats that the phone hands over when it is linked; default false. */
  sincronizarHistorico: boolean;
  /** Missed calls become rows; default false. */
  registrarChamadas: boolean;
}

export const DEFAULT_DECODE_OPTIONS: DecodeOptions = {
  ...{ ignorarStatus: true, ignorarGrupos: false, ignorarCanais: true },
  sincronizarHistorico: false,
  registrarChamadas: false,
};

/** Reads the options out of a connection's settings; whatever is no boolean counts as not set. */
export function decodeOptions(settings: Record<string, unknown> | null | undefined): DecodeOptions {
  const options = { ...DEFAULT_DECODE_OPTIONS };
  for (const name of Object.keys(options) as (keyof DecodeOptions)[]) {
    const value = settings?.[name];
    if (typeof value === 'boolean') options[name] = value;
  }
  return options;
}

const SWITCHES: Record<ChatKind, keyof DecodeOptions | null> = {
  privado: null,
  lista: null,
  grupo: 'ignorarGrupos',
  status: 'ignorarStatus',
  canal: 'ignorarCanais',
};

export function isLeftOut(kind: ChatKind, options: DecodeOptions): boolean {
  const name = SWITCHES[kind];
  return name !== null && options[name];
}
