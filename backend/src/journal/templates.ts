import type { JournalContext } from './context.js';
import { connectionKey, afterPrefix, ownedKey } from './record-keys.js';
import type { CommitBatch, NewLogEntry } from './records.js';
import type { TemplateRecord } from './schedule-records.js';
import type { Tables, Write } from './tables.js';

/** A change of the templates: one is written, one taken away, or (a new name) both. */
export type TemplateChange = NonNullable<CommitBatch['templates']>[number];

/** An owner's template by its name. */
export function findTemplate({ tables, sealer }: JournalContext, ownerId: string, nome: string): TemplateRecord | null {
  return tables.templates.get(ownedKey(ownerId, sealer.conceal(nome)));
}

/** All templates, or those of one owner. There are few: an owner may have 1,000. */
export function listTemplates(tables: Tables, ownerId: string | null): TemplateRecord[] {
  const start = ownerId === null ? undefined : connectionKey(ownerId);
  const rows = tables.templates.range(start ? { start, end: afterPrefix(start) } : {});
  return rows.map(({ value }) => value);
}

export function templateWrites({ tables, sealer }: JournalContext, { before, after }: TemplateChange): Write[] {
  const keyOf = ({ ownerId, nome }: TemplateRecord) => ownedKey(ownerId, sealer.conceal(nome));
  return [
    ...(before ? [tables.templates.remove(keyOf(before))] : []),
    ...(after ? [tables.templates.put(keyOf(after), after)] : []),
  ];
}

/** What its row is to say: belongs into the commit that changes the record. Templates are no connection's. */
export function templateEntry({ before, after }: TemplateChange): NewLogEntry {
  const template = (after ?? before)!;
  return { kind: 'template', connectionId: '', template, removed: after === null };
}
