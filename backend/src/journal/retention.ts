const DAY_MS = 24 * 60 * 60 * 1000;

/** How long what is no longer needed for work is kept, per table, from the record's own time on. */
export const RETENTION_MS = {
  /** WhatsApp delivers an unreceipted message again for about 14 days: so long its parts must be recognised. */
  parts: 14 * DAY_MS,
  /** Recipients who could not decrypt ask again (`getMessage`). Counted from the acceptance, finished sends only. */
  outbox: 14 * DAY_MS,
  idempotency: 7 * DAY_MS,
  /** A message that is delivered again must not fetch its file again. Finished jobs only. */
  media: 14 * DAY_MS,
  /** What a scheduled message became, for whoever asks by its id. Its row stays. */
  scheduled: 30 * DAY_MS,
  /** Credentials that WhatsApp has invalidated, for whoever has to find out why. */
  archive: 30 * DAY_MS,
} as const;
