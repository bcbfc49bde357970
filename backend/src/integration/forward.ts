import { GatewayError } from '../lib/errors.js';
import type { MediaIntake, MediaKind } from '../media/media-intake.js';
import type { MediaStore } from '../media/media-store.js';
import type { OutgoingContent } from '../outbound/content.js';
import { findRow, type FindMessageDeps, type FoundMessage } from './find-message.js';
import { contentOf } from './outgoing-media.js';
import type { Row } from './resources.js';

export interface ForwardDeps extends FindMessageDeps {
  intake: MediaIntake;
  mediaStore: MediaStore;
}

interface Place {
  latitude: number;
  longitude: number;
  nome?: string;
  endereco?: string;
}
interface Card {
  nome?: string;
  numeros?: string[];
}

/** What can be said again of a row, by its `subtipo` (null: plain text). */
const FORWARDED: Record<string, (row: Row) => OutgoingContent> = {
  TEXTO: (row) => ({ kind: 'text', text: String(row['conteudo']) }),
  LOCALIZACAO: (row) => {
    const { latitude, longitude, nome, endereco } = (row['dados'] as { localizacao: Place }).localizacao;
    return { kind: 'location', latitude, longitude, name: nome, address: endereco };
  },
  CONTATO: (row) => {
    const { contatos } = row['dados'] as { contatos: Card[] };
    return {
      kind: 'contact',
      contacts: contatos.map(({ nome = 'sem nome', numeros = [] }) => ({ name: nome, numbers: numeros })),
    };
  },
};

/** The content of a stored message, to be sent to somebody else. @throws GatewayError `UNSUPPORTED_TYPE` */
export async function forwardedContent(
  deps: ForwardDeps,
  connectionId: string,
  found: FoundMessage,
  signal?: AbortSignal,
): Promise<OutgoingContent> {
  const row = found.row ?? (await findRow(deps, connectionId, found.target.id));
  if (row['apagada_em'] != null) throw new GatewayError('MESSAGE_NOT_FOUND', 'This message was deleted.');
  const { visualizacaoUnica } = (row['dados'] ?? {}) as { visualizacaoUnica?: boolean };
  if (visualizacaoUnica) throw new GatewayError('UNSUPPORTED_TYPE', 'View-once messages cannot be forwarded.');
  if (typeof row['midia_caminho'] === 'string') return forwardedFile(deps, row, row['midia_caminho'], signal);
  const kind = row['tipo'] === 'TEXTO' ? ((row['subtipo'] as string | null) ?? 'TEXTO') : null;
  const forward = kind === null ? undefined : FORWARDED[kind];
  if (!forward) throw new GatewayError('UNSUPPORTED_TYPE', 'Messages of this kind cannot be forwarded.');
  return forward(row);
}

/** By `subtipo`, else by `tipo`. */
const KINDS: Record<string, MediaKind> = {
  FIGURINHA: 'sticker',
  VOZ: 'voice',
  IMAGEM: 'image',
  VIDEO: 'video',
  AUDIO: 'audio',
  DOCUMENTO: 'document',
};

/** What a row says of a file without a caption (inbound/content/media.ts). */
const NO_CAPTION = new Set(['Imagem', 'Vídeo', 'GIF', 'Recado de vídeo', 'Mensagem de voz', 'Áudio', 'Figurinha']);

/** Uploaded anew from our own store: WhatsApp's copy may be gone, and its key belongs to the chat that it came from. */
async function forwardedFile(
  { intake, mediaStore }: ForwardDeps,
  row: Row,
  path: string,
  signal?: AbortSignal,
): Promise<OutgoingContent> {
  const kind = KINDS[String(row['subtipo'])] ?? KINDS[String(row['tipo'])] ?? 'document';
  const name = typeof row['midia_nome'] === 'string' ? row['midia_nome'] : null;
  const type = typeof row['midia_tipo'] === 'string' ? row['midia_tipo'] : null;
  const staged = await intake.fromStream(await mediaStore.open(path), { name, type }, signal);
  const text = String(row['conteudo']);
  const caption = NO_CAPTION.has(text) || text === name ? undefined : text;
  try {
    const content = await contentOf(intake, staged, { type: kind, caption, fileName: name ?? undefined }, signal);
    return row['subtipo'] === 'GIF' ? { ...content, gifPlayback: true } : content;
  } catch (error) {
    await intake.discard(staged);
    throw error;
  }
}
