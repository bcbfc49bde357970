import type { EventFeed } from '../../journal/webhooks/event-feed.js';
import type { Audience, FanOut } from './fan-out.js';
import { roomsOfEvent } from './rooms.js';
import type { Message } from './streams.js';

/** A socket that is to hear what it missed, and then everything. */
export interface CatchingUp {
  audience: Audience;
  rooms: ReadonlySet<string>;
  readonly gone: boolean;
  tell(message: Message): void;
  /** Resolves when all that was told has left this process; rejects when that takes too long. */
  drained(): Promise<void>;
  /** From here on the rooms tell it everything; called in the very turn in which nothing is missing. */
  join(outcome: CatchUpOutcome): void;
}

export interface CatchUpOutcome {
  /** false: events may be missing that are not kept any more (or never were). The client has to load its state anew. */
  complete: boolean;
  /** Missed events that were told. */
  replayed: number;
  /** Where it stands, for its next `since`. */
  place: string;
}

const SLICE = 100;
/** Reading them costs about 15 µs each, wanted or not; beyond that a client is better off with the lists of the API. */
const MOST_BEHIND = 100_000;

/**
 * Tells a socket the events after `since`, page by page as fast as it takes them, and lets it join its rooms when nothing
 * is missing. Without `since` it joins at once.
 */
export async function catchUp(
  { feed, fanOut }: { feed: EventFeed; fanOut: FanOut },
  socket: CatchingUp,
  since: string | null,
): Promise<void> {
  let place = since === null ? fanOut.sentTo : feed.find(since);
  let replayed = 0;
  while (!socket.gone) {
    const { sentTo } = fanOut;
    if (place === null || place >= sentTo || sentTo - place > MOST_BEHIND) {
      const complete = place !== null && sentTo - place <= MOST_BEHIND;
      return socket.join({ complete, replayed, place: feed.nameOf(sentTo) });
    }
    const events = feed.after(place, SLICE).filter(({ seq }) => seq <= sentTo);
    for (const event of events) {
      if (!roomsOfEvent(event).some((room) => socket.rooms.has(room))) continue;
      for (const [, message] of await fanOut.render(event, [socket.audience])) {
        if (message.except?.some((room) => socket.rooms.has(room))) continue;
        socket.tell(message);
        replayed += 1;
      }
    }
    place = events.at(-1)?.seq ?? sentTo;
    await socket.drained();
    // What comes next may have been cleared away meanwhile.
    if (!feed.isWhole(place)) place = null;
  }
}
