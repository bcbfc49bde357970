import { mkdir } from 'node:fs/promises';
import type { Log } from '../../lib/log.js';
import { applyMigrations } from '../migrations.js';
import { dumpTables, loadTables, type TableFile } from './table-files.js';
import { withCluster } from './with-cluster.js';

/** Writes the tables of the embedded database into `folder` (made when missing), online. @throws GatewayError */
export async function dumpDatabase(o: { dataDir: string; folder: string; log: Log }): Promise<TableFile[]> {
  await mkdir(o.folder, { recursive: true, mode: 0o700 });
  return withCluster(o, (sql) => dumpTables(sql, o.folder));
}

/** Fills the embedded database of `dataDir` (made and migrated when missing) from such a folder. @throws GatewayError */
export async function loadDatabase(o: {
  dataDir: string;
  folder: string;
  tables: readonly TableFile[];
  log: Log;
}): Promise<void> {
  await withCluster(o, async (sql) => {
    await applyMigrations(sql);
    await loadTables(sql, o.folder, o.tables);
  });
}
