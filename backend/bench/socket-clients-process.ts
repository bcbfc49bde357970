import { io, type Socket } from 'socket.io-client';
import { serve } from './stage/remote.js';
import { monotonicMs } from './stage/socket-load.js';

/** Many clients of one server, in a process of their own. */
const sockets: Socket[] = [];
/** Which event, and when it was in a client's hands. */
let heard: { n: number[]; at: number[] } = { n: [], at: [] };
const AT_ONCE = 50;

const api = {
  /** One socket for each `auth`; resolves when all of them are ready. */
  connect: async (url: string, auths: Record<string, string>[]) => {
    for (let start = 0; start < auths.length; start += AT_ONCE) {
      await Promise.all(auths.slice(start, start + AT_ONCE).map((auth) => ready(url, auth)));
    }
  },

  forget: () => void (heard = { n: [], at: [] }),

  /** Resolves when so many messages came in, or no more do. */
  heard: async (count: number) => {
    for (let tries = 0; heard.n.length < count && tries < 500; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return heard;
  },
};

export type SocketClientsApi = typeof api;

function ready(url: string, auth: Record<string, string>): Promise<void> {
  const socket = io(url, { auth, transports: ['websocket'], forceNew: true, reconnection: false });
  sockets.push(socket);
  socket.on('messageReceived', ({ data }: { data: { ordem: number } }) => {
    heard.at.push(monotonicMs());
    heard.n.push(data.ordem);
  });
  return new Promise((resolve, reject) => {
    socket.once('ready', () => resolve());
    socket.once('connect_error', reject);
  });
}

serve(api, () => sockets.forEach((socket) => socket.disconnect()));
