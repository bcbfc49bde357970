import { z } from 'zod';
import { route, type Route } from './route.js';

const PAGE = 1000;

/** What the simulator is and has seen. */
export const observeRoutes: Route[] = [
  route('GET', '/status', z.unknown(), ({ simulator }) => ({
    wsUrl: simulator.wsUrl,
    noiseRootKey: simulator.noiseRootKeyHex,
    openSockets: simulator.openSockets,
    phones: simulator.phones.map(({ number, companions }) => ({
      number,
      companions: companions.length,
      connected: companions.filter(({ connected }) => connected).length,
    })),
    events: simulator.history.events.length,
  })),
  route('GET', '/history', z.unknown(), ({ simulator, query }) => {
    const after = Number(query.get('after') ?? 0);
    const events = simulator.history.after(after, Number(query.get('limit') ?? PAGE));
    return { events, next: after + events.length, total: simulator.history.events.length };
  }),
];
