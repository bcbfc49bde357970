import { normalizeTimes, type Row, type RowScope } from './rows.js';
import { scopeArgument } from './scope-filter.js';
import type { SupabaseWhatsAppService } from './supabase-whatsapp-service.js';

/** Which messages; what is left out does not matter. `chat`: the JIDs that one chat may have, without device; `since` and `until` ISO 8601. */
export interface MessageSearch {
  connectionId: string;
  chat?: string[] | undefined;
  whatsappId?: string | undefined;
  fromMe?: boolean | undefined;
  since?: string | undefined;
  until?: string | undefined;
  limit: number;
  skip: number;
}

/** A message with whom it was written to and by; rows as in the tables. */
export interface FoundMessage {
  message: Row;
  chat: Row;
  author: Row | null;
}

/** A chat with its last message and what of it nobody has read yet. */
export interface FoundChat {
  chat: Row;
  last: Row;
  unread: number;
}

/** Messages and chats of one connection by address and page number (supabase/migrations/20261121002000).
 *  Everything rejects with a DatabaseFailure; what is not the caller's is not found. */
export class ChatReads {
  constructor(private readonly database: Pick<SupabaseWhatsAppService, 'call'>) {}

  /** The newest first; `total` is how many there are on all pages. */
  async messages(search: MessageSearch, scope: RowScope): Promise<{ total: number; found: FoundMessage[] }> {
    const { connectionId, chat, whatsappId, fromMe, since, until, limit, skip } = search;
    const rows = await this.database.call('buscar_mensagens', {
      ...{ sessao: connectionId, escopo: scopeArgument(scope), chat, whatsapp_id: whatsappId, minhas: fromMe },
      ...{ desde: since, ate: until, limite: limit, pular: skip },
    });
    const found = rows.map(({ mensagem, chat: contato, autor }) => ({
      message: normalizeTimes(mensagem as Row),
      chat: contato as Row,
      author: autor as Row | null,
    }));
    return { total: Number(rows[0]?.['total'] ?? 0), found };
  }

  /** The last used first. */
  async chats(
    search: { connectionId: string; chat?: string[] | undefined; limit: number; skip: number },
    scope: RowScope,
  ): Promise<FoundChat[]> {
    const { connectionId, chat, limit, skip } = search;
    const request = { sessao: connectionId, escopo: scopeArgument(scope), chat, limite: limit, pular: skip };
    const rows = await this.database.call('buscar_conversas', request);
    return rows.map(({ chat: contato, ultima, nao_lidas }) => ({
      chat: normalizeTimes(contato as Row),
      last: normalizeTimes(ultima as Row),
      unread: Number(nao_lidas),
    }));
  }
}
