import type { EvolutionWebhooksPort } from '../../../src/http/evolution-port.js';

/** Takes every webhook, and notes what it was handed. */
export function scriptedEvolution(calls: { name: string; args: unknown[] }[]): EvolutionWebhooksPort {
  const noted = <T>(name: string, answer: T) => {
    return (...args: unknown[]): Promise<T> => {
      calls.push({ name, args });
      return Promise.resolve(answer);
    };
  };
  const receipt = { event: 'messages.upsert', connectionId: 'c1', accepted: 1, repeated: 0, ignored: false };
  return {
    admit: noted('admit', { kind: 'gateway' } as const),
    take: noted('take', receipt),
    test: noted('test', { event: null, instance: null, known: false }),
  };
}
