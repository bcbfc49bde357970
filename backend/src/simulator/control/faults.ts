import { z } from 'zod';
import type { Companion } from '../companion.js';
import type { Simulator } from '../simulator.js';
import { ControlFailure, phoneOf, route, type Route } from './route.js';

const body = z
  .object({
    /** The account whose newest companion is meant. */
    phone: z.string(),
    code: z.number().int(),
    times: z.number().int().min(1),
    on: z.boolean(),
    ms: z.number().min(0),
    status: z.number().int().nullable(),
    kind: z.enum(['undecodable', 'undecryptable']),
  })
  .partial();
type FaultBody = z.infer<typeof body>;

function companionOf(simulator: Simulator, { phone }: FaultBody): Companion {
  const companion = phoneOf(simulator, phone).companions.at(-1);
  if (!companion) throw new ControlFailure(409, `${phone} has no linked device`);
  return companion;
}

/** One row per fault of `Faults`. */
const FAULTS: Record<string, (simulator: Simulator, options: FaultBody) => unknown> = {
  closeAll: ({ faults }) => faults.closeAll(),
  close: (simulator, options) => simulator.faults.close(companionOf(simulator, options)),
  reset: (simulator, options) => simulator.faults.reset(companionOf(simulator, options)),
  streamError: (simulator, options) =>
    simulator.faults.streamError(companionOf(simulator, options), options.code ?? 503),
  failLogins: ({ faults }, { phone, code = 401, times = 1 }) => faults.failLogins(phone ?? null, code, times),
  blackHole: (simulator, options) =>
    simulator.faults.blackHole(options.phone ? companionOf(simulator, options) : 'all', options.on ?? true),
  latency: ({ faults }, { ms = 0 }) => {
    faults.latencyMs = ms;
  },
  duplicateNext: ({ faults }, { times }) => faults.duplicateNext(times),
  dropAcks: ({ faults }, { times }) => faults.dropAcks(times),
  errorAckNext: ({ faults }, { code = 479, times }) => faults.errorAckNext(code, times),
  httpStatusOnUpgrade: ({ faults }, { status = null }) => faults.httpStatusOnUpgrade(status),
  refuse: ({ faults }, { on = true }) => faults.refuse(on),
  companionRegRefreshNext: ({ faults }, { times }) => faults.companionRegRefreshNext(times),
  garbageFrame: (simulator, options) => simulator.faults.garbageFrame(companionOf(simulator, options), options.kind),
};

export const faultRoutes: Route[] = [
  route('POST', '/faults/:fault', body, async ({ simulator, params, body: options }) => {
    const fault = FAULTS[params.fault ?? ''];
    if (!fault) throw new ControlFailure(404, `there is no fault ${params.fault}`);
    await fault(simulator, options);
    return {};
  }),
];
