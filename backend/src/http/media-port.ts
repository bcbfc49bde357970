import type { MediaService } from '../integration/media-service.js';

/** What the routes call of `MediaService`. The stream of what is opened is the caller's to end. */
export type MediaPort = Pick<MediaService, keyof MediaService>;
