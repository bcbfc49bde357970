import { seqOfKey } from './record-keys.js';
import type { Table, Tables, Write } from './tables.js';

const LAST_SEQ_KEY = Buffer.from('lastSeq');

/**
 * Places in the log. They become `ordem` of rows, so none is ever given twice, not even when the log is empty at start:
 * whatever leaves the log writes down how far the log had got.
 */
export class Sequence {
  #last: number;

  constructor(private readonly tables: Tables) {
    const left = tables.meta.get(LAST_SEQ_KEY) as number | null;
    this.#last = Math.max(left ?? 0, lastKey(tables.log), lastKey(tables.dead), lastKey(tables.unfinished));
  }

  next(): number {
    return ++this.#last;
  }

  /** Belongs into every commit that takes entries out of the log. */
  remember(): Write {
    return this.tables.meta.put(LAST_SEQ_KEY, this.#last);
  }

  /** The same for a copy that goes on `count` places later: what this log gives until then is not given again there. */
  ahead(count: number): Write {
    return this.tables.meta.put(LAST_SEQ_KEY, this.#last + count);
  }
}

function lastKey(table: Table<unknown> | Table<never>): number {
  for (const key of table.db.getKeys({ reverse: true, limit: 1 })) return seqOfKey(key);
  return 0;
}
