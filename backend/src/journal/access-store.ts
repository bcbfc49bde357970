import type { ApiKeyRecord, AuditRecord } from './access-records.js';
import { listApiKeys, saveApiKeys } from './api-keys.js';
import { appendAudit, claimAudit, completeAudit } from './audit.js';
import type { JournalContext } from './context.js';

/** Who may call the gateway (API keys, without their text), and what was done with that (audit records on their way). */
export class AccessStore {
  constructor(private readonly context: JournalContext) {}

  listKeys(): ApiKeyRecord[] {
    return listApiKeys(this.context.tables);
  }

  saveKeys(records: ApiKeyRecord[]): Promise<void> {
    return saveApiKeys(this.context, records);
  }

  appendAudit(record: AuditRecord): Promise<void> {
    return appendAudit(this.context, record);
  }

  /** The oldest audit records without a row; they stay until completed. */
  claimAudit(limit: number): AuditRecord[] {
    return claimAudit(this.context.tables, limit);
  }

  completeAudit(records: AuditRecord[]): Promise<void> {
    return completeAudit(this.context, records);
  }

  countAudit(): number {
    return this.context.tables.audit.count();
  }
}
