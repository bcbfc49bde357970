import type { Endereco } from './evento.js';
import type { Row } from './rows.js';
import type { SupabaseWhatsAppService } from './supabase-whatsapp-service.js';

/** A message with sealed changes that nobody has opened yet (supabase/migrations/20261121002100). */
export interface PendingSealed {
  id: string;
  sessao: string;
  whatsapp_id: string;
  dados: Row;
  chat: Endereco;
  autor: Endereco | null;
  criador: string[] | null;
  quem: Record<string, string[]> | null;
}

/** Messages whose sealed changes wait to be opened. Everything rejects with a DatabaseFailure. */
export class SealedTable {
  constructor(private readonly database: Pick<SupabaseWhatsAppService, 'call'>) {}

  /** The longest waiting first. */
  async pending(limit: number): Promise<PendingSealed[]> {
    return (await this.database.call('cifrados_pendentes', { limite: limit })) as unknown as PendingSealed[];
  }

  /** Forgets the seals that were opened; a change that is not among `seen` keeps the message waiting. */
  async settle(id: string, seen: string[], opened: string[]): Promise<void> {
    await this.database.call('resolver_cifrados', { id, vistos: seen, abertos: opened });
  }
}
