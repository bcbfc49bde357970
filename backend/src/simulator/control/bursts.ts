import { z } from 'zod';
import type { Simulator } from '../simulator.js';
import { ControlFailure, phoneOf, route, type Route } from './route.js';

const FIRST_NUMBER = 5_541_900_000_000;

interface RunningBurst {
  readonly messages: number;
  readonly startedAt: number;
  /** When the last receipt arrived, ms since the epoch; null until then. */
  receiptedAt: number | null;
  error: string | null;
}

const view = (id: number, burst: RunningBurst) => ({
  id,
  ...burst,
  elapsedMs: burst.receiptedAt === null ? null : burst.receiptedAt - burst.startedAt,
});

// Numbers nobody else uses, and the same ones every time: a second burst finds the sessions warm.
function crowd(simulator: Simulator, size: number) {
  return Array.from({ length: size }, (_, index) => {
    const number = String(FIRST_NUMBER + index);
    return simulator.contact(number) ?? simulator.createContact({ number, name: `Cliente ${index + 1}` });
  });
}

/** Many messages at full speed, encrypted before the clock starts. */
export function burstRoutes(): Route[] {
  const bursts: RunningBurst[] = [];
  const body = z.object({
    phone: z.string(),
    contacts: z.number().int().min(1).max(5000),
    messages: z.number().int().min(1).max(100_000),
    /** Put before the number of each message. */
    text: z.string().default('mensagem'),
    /** Answer only when every message is receipted. */
    wait: z.boolean().default(false),
  });
  const start = route(
    'POST',
    '/bursts',
    body,
    async ({ simulator, body: { phone, contacts, messages, text, wait } }) => {
      const burst = await simulator.prepareBurst(phoneOf(simulator, phone), {
        contacts: crowd(simulator, contacts),
        messages,
        text: (index) => `${text} ${index + 1}`,
      });
      const running: RunningBurst = { messages, startedAt: Date.now(), receiptedAt: null, error: null };
      const id = bursts.push(running) - 1;
      burst.start();
      const done = burst.receipted.then(
        () => (running.receiptedAt = Date.now()),
        (error: unknown) => (running.error = String(error)),
      );
      if (wait) await done;
      return view(id, running);
    },
  );
  const show = route('GET', '/bursts/:id', z.unknown(), ({ params }) => {
    const running = bursts[Number(params.id)];
    if (!running) throw new ControlFailure(404, `there is no burst ${params.id}`);
    return view(Number(params.id), running);
  });
  return [start, show];
}
