import { actions } from './actions.js';
import { answers } from './answers.js';
import { calls } from './calls.js';
import { commerce } from './commerce.js';
import type { Field, Handlers } from './handler.js';
import { interactive } from './interactive.js';
import { media } from './media.js';
import { notices } from './notices.js';
import { people } from './people.js';
import { places } from './places.js';
import { polls } from './polls.js';
import { protocol } from './protocol.js';
import { texts } from './texts.js';
import { wrappers } from './wrappers.js';

/**
 * What is done with every content field of `proto.Message` (WAProto of the pinned Baileys). The type demands each field:
 * a new Baileys with a new kind of message does not compile until somebody has decided what an agent reads.
 */
export const CONTENT_TABLE: Handlers<Field> = {
  ...texts,
  ...media,
  ...people,
  ...places,
  ...polls,
  ...calls,
  ...interactive,
  ...answers,
  ...commerce,
  ...notices,
  ...wrappers,
  ...actions,
  ...protocol,
  messageContextInfo: { as: 'nothing', why: 'secrets and device lists that accompany a content' },
  senderKeyDistributionMessage: { as: 'nothing', why: "a group member's key" },
  fastRatchetKeySenderKeyDistributionMessage: { as: 'nothing', why: "a group member's key" },
  stickerSyncRmrMessage: { as: 'nothing', why: 'asks our phone to upload stickers again' },
};
