import { z } from 'zod';
import { Contact } from '../contact.js';
import type { Phone } from '../phone.js';
import { ControlFailure, contactOf, phoneOf, present, route, type Route } from './route.js';

const number = z.string().regex(/^\d{5,20}$/);
const person = { number, lid: z.string().regex(/^\d+$/).optional(), name: z.string().optional() };
const addressing = z.enum(['pn', 'lid']).optional();
const traits = { addressing, registered: z.boolean().optional(), hasLidMapping: z.boolean().optional() };

const phoneView = (phone: Phone) => ({
  number: phone.number,
  jid: phone.pnJid,
  lid: phone.lidJid,
  companions: phone.companions.map((companion) => ({
    jid: companion.jid,
    connected: companion.connected,
    logins: companion.logins,
    waiting: companion.mailbox.size,
    preKeys: companion.preKeyCount,
  })),
});
const contactView = ({ number, pnJid, lidJid, jid }: Contact) => ({ number, pnJid, lidJid, jid });

/** Accounts, customers, groups, and linking. */
export const peopleRoutes: Route[] = [
  route('POST', '/phones', z.object(person), ({ simulator, body }) => phoneView(simulator.createPhone(present(body)))),
  route('GET', '/phones/:number', z.unknown(), ({ simulator, params }) => phoneView(phoneOf(simulator, params.number))),
  route(
    'POST',
    '/phones/:number/scan',
    z.object({ qr: z.string(), refresh: z.boolean().default(false) }),
    async ({ simulator, params, body }) => {
      const { jid, lid } = await phoneOf(simulator, params.number).scan(body.qr, { refresh: body.refresh });
      return { jid, lid };
    },
  ),
  route(
    'POST',
    '/phones/:number/standing',
    z.object({ lockedUntil: z.number().nullish(), capped: z.boolean().optional(), passkey: z.boolean().optional() }),
    ({ simulator, params, body }) => {
      const phone = phoneOf(simulator, params.number);
      if (body.lockedUntil !== undefined)
        phone.lockReachout(body.lockedUntil === null ? null : new Date(body.lockedUntil));
      const endsAt = Date.now() + 86_400_000;
      if (body.capped !== undefined) {
        phone.capNewChats({ status: body.capped ? 'CAPPED' : 'NONE', total: 50, used: body.capped ? 50 : 0, endsAt });
      }
      if (body.passkey !== undefined) phone.requiresPasskey = body.passkey;
      return phone.standing.answer;
    },
  ),
  route('POST', '/phones/:number/pairing-code', z.object({ code: z.string() }), async ({ simulator, params, body }) => {
    const { jid, lid } = await phoneOf(simulator, params.number).enterPairingCode(body.code);
    return { jid, lid };
  }),
  route('POST', '/phones/:number/unlink', z.unknown(), ({ simulator, params }) => {
    phoneOf(simulator, params.number).unlink();
    return {};
  }),
  route('POST', '/contacts', z.object({ ...person, ...traits }), ({ simulator, body }) =>
    contactView(simulator.createContact(present(body))),
  ),
  route(
    'PATCH',
    '/contacts/:number',
    z.object({
      ...traits,
      autoReceipts: z.enum(['none', 'delivered', 'read']).optional(),
      autoRetries: z.boolean().optional(),
    }),
    ({ simulator, params, body }) => contactView(Object.assign(contactOf(simulator, params.number), present(body))),
  ),
  route('POST', '/numbers', z.object({ number, canonical: number }), ({ simulator, body }) => {
    simulator.registerNumber(body.number, body);
    return {};
  }),
  route(
    'POST',
    '/groups',
    z.object({ subject: z.string(), members: z.array(number).min(1), addressing }),
    ({ simulator, body }) => {
      const members = body.members.map((each) => simulator.phone(each) ?? contactOf(simulator, each));
      if (!members.some((member) => !(member instanceof Contact)))
        throw new ControlFailure(400, 'no member is a phone');
      return { jid: simulator.createGroup({ ...present(body), members }).jid };
    },
  ),
];
