import type { proto } from '@whiskeysockets/baileys';
import type { Evento, TipoMensagem } from '../../supabase/evento.js';
import type { MessageContext } from '../message-context.js';

export type Field = keyof Required<proto.IMessage>;
export type FieldValue<F extends Field> = NonNullable<proto.IMessage[F]>;

/** What a content field says in the columns of a row. */
export interface ContentRow {
  tipo: TipoMensagem;
  /** The finer kind, in capitals; null for plain text, image, video, audio and document. */
  subtipo: string | null;
  /** What an agent reads; never empty. */
  conteudo: string;
  dados?: Facts;
  midia_tipo?: string | null;
  midia_nome?: string | null;
  midia_tamanho?: number | null;
}

/** Keys of `dados`. */
export type Facts = Record<string, unknown>;

/** How a content of any kind would read as a row; used for quotes, edits and comments. */
export type Describe = (message: proto.IMessage) => ContentRow;

/** What is done with one content field of `proto.Message`. */
export type Handler<V> =
  /** People see it: it becomes a row. */
  | { as: 'row'; row(value: V): ContentRow }
  /** It carries another message and at most adds facts about it. */
  | { as: 'wrapper'; inner(value: V): proto.IMessage | null | undefined; facts?(value: V): Facts }
  /** It changes another message. null = it names none, so it is shown as unknown. */
  | { as: 'action'; events(value: V, context: MessageContext, describe: Describe): Evento[] | null }
  /** It is no content: keys and settings between devices. */
  | { as: 'nothing'; why: string };

export type Handlers<F extends Field> = { [K in F]: Handler<FieldValue<K>> };

/** Text or, when it is missing or blank, the substitute. */
export function textOr(text: string | null | undefined, substitute: string): string {
  return text != null && text.trim() !== '' ? text : substitute;
}

/** The given texts that say something, one a line. */
export function lines(...texts: (string | null | undefined)[]): string {
  return texts.filter((text) => text != null && text.trim() !== '').join('\n');
}
