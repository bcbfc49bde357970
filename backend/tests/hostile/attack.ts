import type { Arena } from './arena.js';

/** What an attack achieved: nothing, if the gateway holds. */
export interface Outcome {
  /** One line of figures for the report. */
  figure: string;
  /** Each is a hole. */
  breaches: string[];
}

/** One thing that somebody hostile does, bounded in count and time, on loopback only. */
export interface Attack {
  name: string;
  run(arena: Arena): Promise<Outcome>;
}
