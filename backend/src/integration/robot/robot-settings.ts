import type { RobotSettings, RobotTable } from '../../supabase/robot.js';
import type { Row, Scope } from '../resources.js';

export interface RobotSettingsDeps {
  table: Pick<RobotTable, 'settings' | 'saveSettings'>;
  /** @throws CONNECTION_NOT_FOUND, also for somebody else's */
  assertMine(connectionId: string, scope: Scope | null): void;
}

/** Reads and writes what the robot goes by; a change counts from the next message on. */
export class RobotConfiguration {
  constructor(private readonly deps: RobotSettingsDeps) {}

  /** null: nobody has set anything, so the robot is silent. @throws CONNECTION_NOT_FOUND, DATABASE_UNAVAILABLE */
  async read(connectionId: string, scope: Scope | null): Promise<Row | null> {
    this.deps.assertMine(connectionId, scope);
    return this.deps.table.settings(connectionId);
  }

  /** @throws CONNECTION_NOT_FOUND, DATABASE_UNAVAILABLE */
  async write(connectionId: string, settings: RobotSettings, scope: Scope | null): Promise<Row> {
    this.deps.assertMine(connectionId, scope);
    return this.deps.table.saveSettings(connectionId, settings);
  }
}
