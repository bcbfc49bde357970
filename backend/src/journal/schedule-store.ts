import type { JournalContext } from './context.js';
import type { ScheduledRecord, TemplateRecord } from './schedule-records.js';
import {
  countScheduled,
  getScheduled,
  listDueScheduled,
  listScheduledIn,
  listScheduleLanes,
  nextScheduledAt,
} from './scheduled.js';
import { findTemplate, listTemplates } from './templates.js';

/** Reads of scheduled messages and templates; what changes them is part of a `Journal.commit`. Times: ms since the epoch. */
export class ScheduleStore {
  constructor(private readonly context: JournalContext) {}

  /** A scheduled message; null when there is none (any more: finished ones are kept 30 days). */
  get(id: string): ScheduledRecord | null {
    return getScheduled(this.context.tables, id);
  }

  /** Connections for which something waits. */
  lanes(): string[] {
    return listScheduleLanes(this.context.tables);
  }

  /** What is due for a connection at `until`, the earliest first. */
  due(connectionId: string, until: number, limit: number): ScheduledRecord[] {
    return listDueScheduled(this.context.tables, connectionId, until, limit);
  }

  /** When a connection's next one is due; null when none waits. */
  nextAt(connectionId: string): number | null {
    return nextScheduledAt(this.context.tables, connectionId);
  }

  /** How many wait for a connection, counted up to `most`. */
  count(connectionId: string, most: number): number {
    return countScheduled(this.context.tables, connectionId, most);
  }

  /** Every scheduled message in a state; reads the whole table, one record at a time. */
  listIn(state: ScheduledRecord['state']): Iterable<ScheduledRecord> {
    return listScheduledIn(this.context.tables, state);
  }

  findTemplate(ownerId: string, nome: string): TemplateRecord | null {
    return findTemplate(this.context, ownerId, nome);
  }

  /** @param ownerId null = of all owners */
  listTemplates(ownerId: string | null): TemplateRecord[] {
    return listTemplates(this.context.tables, ownerId);
  }
}
