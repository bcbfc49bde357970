import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SimulatorApi } from './simulator-process.js';
import { blackHole, outage, plainCloses, refusals, wedge, type CloseScene } from './stage/close-scenes.js';
import { BareContestant } from './stage/contestants.js';
import { ExternalPostgres } from './stage/external-postgres.js';
import { Measures } from './stage/reconnect-measures.js';
import { ReconnectStage } from './stage/reconnect-stage.js';
import { Remote } from './stage/remote.js';
import { machine, putIntoDocument, saveResults } from './stage/report.js';
import { forced, killed, restored } from './stage/restart-scenes.js';

/**
 * `npm run bench:reconnect [-- --long] [--only scene,scene] [--pairs n]`: how fast connections that died are back, with real
 * sockets against the simulator and bare Baileys beside them. Scenes: closes, refusals, outage, silence, restore,
 * killed, forced. `--long` adds the outage of ten minutes. A whole run writes its table into docs/performance.md.
 * Exits 1 when a bar is missed.
 */
const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    only: { type: 'string' },
    pairs: { type: 'string', default: '3' },
  },
});
const SECOND = 1_000;
const MINUTE = 60_000;
const phones = (count: number, kind: number) =>
  Array.from({ length: count }, (_, index) => String(5_511_930_000_000 + kind * 1_000 + index));

const closeScenes: Record<string, (scene: CloseScene) => Promise<void>> = {
  closes: plainCloses,
  refusals,
  outage: async (scene) => {
    await outage(scene, MINUTE, 5 * SECOND, 'down 60 s');
    if (values.long) await outage(scene, 10 * MINUTE, 20 * SECOND, 'down 10 min');
  },
  silence: async (scene) => {
    await blackHole(scene);
    await wedge(scene);
  },
};
const otherScenes: Record<string, () => Promise<void>> = {
  restore: () => onStage(50, (stage) => withBare(50, (bare) => restoreInTurn(stage, bare))),
  killed: () => onStage(20, (stage) => killed(stage, measures)),
  forced: () => onStage(20, (stage) => forced(stage, measures)),
};
const scenes = Object.keys({ ...closeScenes, ...otherScenes });
const only = values.only?.split(',') ?? scenes;
const unknown = only.filter((name) => !scenes.includes(name));
if (unknown.length > 0) throw new Error(`--only: there is no scene ${unknown.join(', ')} (${scenes.join(', ')}).`);
const asked = (name: string) => only.includes(name);

const here = machine();
const measures = new Measures();
const dir = await mkdtemp(join(tmpdir(), 'sentinela-reconnect-'));
// As root, Postgres runs as somebody else, who must get there.
await chmod(dir, 0o711);
const simulator = new Remote<SimulatorApi>(new URL('./simulator-process.ts', import.meta.url));
const postgres = await ExternalPostgres.create(dir);
let stages = 0;

try {
  const closes = Object.entries(closeScenes).filter(([name]) => asked(name));
  if (closes.length > 0) {
    await onStage(20, (stage) =>
      withBare(20, async (bare) => {
        for (const [, scene] of closes) await scene({ stage, bare, simulator, measures });
      }),
    );
  }
  for (const [name, scene] of Object.entries(otherScenes)) if (asked(name)) await scene();
} finally {
  await simulator.stop();
  await postgres.destroy();
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}
const text = measures.text(here);
console.log(`\n${text}\n`);
if (values.only === undefined) {
  console.log(await saveResults('reconnect', { machine: here, long: values.long, measured: measures.all }));
  await putIntoDocument('bench:reconnect', text);
}
process.exitCode = measures.met ? 0 : 1;

/** A gateway with so many paired connections. */
async function onStage(count: number, scene: (stage: ReconnectStage) => Promise<void>): Promise<void> {
  const own = join(dir, `gateway-${++stages}`);
  await mkdir(own, { mode: 0o711 });
  const stage = new ReconnectStage(simulator, postgres, own, phones(count, 10 * stages));
  await stage.start();
  await stage.pairAll();
  try {
    await scene(stage);
  } finally {
    await stage.stop();
  }
}

async function withBare(count: number, scene: (bare: BareContestant) => Promise<void>): Promise<void> {
  const bare = new BareContestant('bare', phones(count, 10 * stages + 1), simulator, 'memory');
  await bare.connect();
  try {
    await scene(bare);
  } finally {
    await bare.stop();
  }
}

async function restoreInTurn(stage: ReconnectStage, bare: BareContestant): Promise<void> {
  await stage.stop();
  await restored(stage, bare, measures, Number(values.pairs));
}
