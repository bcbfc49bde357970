import type { Row } from './rows.js';
import type { SupabaseWhatsAppService } from './supabase-whatsapp-service.js';

/** A poll with sealed votes that nobody has opened yet (supabase/migrations/20261121002200). */
export interface PendingPoll {
  id: string;
  whatsapp_id: string;
  dados: Row;
  criador: string[] | null;
  eleitores: Record<string, string[]> | null;
  pessoas: Record<string, string> | null;
}

/** Polls whose votes wait to be counted. Everything rejects with a DatabaseFailure. */
export class PollTable {
  constructor(private readonly database: Pick<SupabaseWhatsAppService, 'call'>) {}

  /** The longest waiting first. */
  async pending(limit: number): Promise<PendingPoll[]> {
    return (await this.database.call('votos_pendentes', { limite: limit })) as unknown as PendingPoll[];
  }

  /** Writes the count into `dados.enquete`; a vote that is not among `seen` keeps the poll waiting. */
  async save(id: string, seen: string[], count: object): Promise<void> {
    await this.database.call('gravar_votos', { id, vistos: seen, enquete: count });
  }
}
