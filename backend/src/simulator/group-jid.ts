import { randomInt } from 'node:crypto';

/** A group JID as new groups have them: 18 digits. */
export const freshGroupJid = (): string => `120363${String(randomInt(10 ** 12)).padStart(12, '0')}@g.us`;
