const DAY_MS = 24 * 60 * 60 * 1000;

/** How long an event and its deliveries can be looked at and asked for again, from the event's own time on. */
export const EVENT_RETENTION_MS = 7 * DAY_MS;
/** The ledger's lines outlive the event they are about by at most this. */
export const DELIVERY_RETENTION_MS = 8 * DAY_MS;
/** The part of the journal's budget that webhooks may use: a dead receiver must not cost the messages their room. */
export const WEBHOOK_SHARE = 0.25;
