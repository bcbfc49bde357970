import type { Log } from '../lib/log.js';
import type { Directory } from './directory.js';
import type { Faults } from './faults.js';
import type { History } from './history.js';
import type { MediaServer } from './media/media-server.js';
import type { Registrations } from './registration.js';

/** What the parts of one simulator share. */
export interface World {
  readonly directory: Directory;
  readonly registrations: Registrations;
  readonly history: History;
  readonly faults: Faults;
  readonly media: MediaServer;
  readonly log: Log;
}
