import { GatewayError } from '../../lib/errors.js';
import type { RobotSettings, RobotTable } from '../../supabase/robot.js';
import type { Row, Scope } from '../resources.js';

export interface RobotSettingsDeps {
  table: Pick<RobotTable, 'settings' | 'saveSettings'>;
  /** Whose connection it is. @throws CONNECTION_NOT_FOUND, also for one that the caller may not use */
  ownerOf(connectionId: string, scope: Scope | null): string;
}

/** Reads and writes what the robot goes by; a change counts from the next message on. */
export class RobotConfiguration {
  constructor(private readonly deps: RobotSettingsDeps) {}

  /** null: nobody has set anything, so the robot is silent. @throws CONNECTION_NOT_FOUND, DATABASE_UNAVAILABLE */
  async read(connectionId: string, scope: Scope | null): Promise<Row | null> {
    this.deps.ownerOf(connectionId, scope);
    return this.deps.table.settings(connectionId);
  }

  /** `todas` reaches connections beside this one, so only who may use all of its owner's may ask for it.
   *  @throws CONNECTION_NOT_FOUND, FORBIDDEN (`todas`), DATABASE_UNAVAILABLE */
  async write(connectionId: string, settings: RobotSettings, scope: Scope | null): Promise<Row> {
    const ownerId = this.deps.ownerOf(connectionId, scope);
    if (settings.todas && scope && !ownsAllOf(ownerId, scope)) {
      throw new GatewayError('FORBIDDEN', 'todas is for who may use all connections of their owner.');
    }
    return this.deps.table.saveSettings(connectionId, settings);
  }
}

/** A key that is limited to connections, or a colleague of the company, may not. */
function ownsAllOf(ownerId: string, { ownerId: caller, connections }: Scope): boolean {
  return caller === ownerId && connections === undefined;
}
