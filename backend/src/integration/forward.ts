import { GatewayError } from '../lib/errors.js';
import type { OutgoingContent } from '../outbound/content.js';
import { findRow, type FindMessageDeps, type FoundMessage } from './find-message.js';
import type { Row } from './resources.js';

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
  deps: FindMessageDeps,
  connectionId: string,
  found: FoundMessage,
): Promise<OutgoingContent> {
  const row = found.row ?? (await findRow(deps, connectionId, found.target.id));
  if (row['apagada_em'] != null) throw new GatewayError('MESSAGE_NOT_FOUND', 'This message was deleted.');
  const kind = row['tipo'] === 'TEXTO' ? ((row['subtipo'] as string | null) ?? 'TEXTO') : null;
  const forward = kind === null ? undefined : FORWARDED[kind];
  if (!forward) throw new GatewayError('UNSUPPORTED_TYPE', 'Messages of this kind cannot be forwarded.');
  return forward(row);
}
