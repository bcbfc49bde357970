import { setTimeout as sleep } from 'node:timers/promises';
import type { SimulatorApi } from '../simulator-process.js';
import type { BareContestant } from './contestants.js';
import type { Measures } from './reconnect-measures.js';
import type { ReconnectStage } from './reconnect-stage.js';
import type { Remote } from './remote.js';

const SECOND = 1_000;
const MINUTE = 60_000;

/** What the scenes of closes are played with: the gateway and bare Baileys, each with connections of its own. */
export interface CloseScene {
  stage: ReconnectStage;
  bare: BareContestant;
  simulator: Remote<SimulatorApi>;
  measures: Measures;
}

/** Each code that WhatsApp closes with and means "come again", all connections at once; the two sides in turn. */
export async function plainCloses({ stage, bare, simulator, measures }: CloseScene): Promise<void> {
  const closes: [string, (phones: string[]) => Promise<unknown>][] = [
    ['close frame', (phones) => simulator.call('close', phones)],
    ['TCP reset', (phones) => simulator.call('reset', phones)],
    ...[515, 428, 500, 503].map((code): [string, (phones: string[]) => Promise<unknown>] => [
      `stream error ${code}`,
      (phones) => simulator.call('streamErrors', phones, code),
    ]),
  ];
  for (const [name, close] of closes) {
    const opens = await bare.opens();
    const bareBefore = await bare.usage();
    await close(bare.phones);
    const bareMs = await stage.untilTrue('bare Baileys to be back', MINUTE, async () =>
      (await bare.opens()).every((count, index) => count > opens[index]!),
    );
    const bareCpu = (await bare.usage()).loopCpuMs! - bareBefore.loopCpuMs!;
    await sleep(SECOND);

    const before = await stage.logins();
    const cpuBefore = await stage.gateway.call('usage');
    await close(stage.phones);
    measures.note(
      `${name}: all ${stage.phones.length} ready again`,
      await stage.untilBack(before),
      'ms',
      1_500,
      bareMs,
    );
    const cpu = (await stage.gateway.call('usage')).loopCpuMs! - cpuBefore.loopCpuMs!;
    measures.note(`${name}: CPU of the event loop`, cpu, 'ms', null, bareCpu);
    await stage.forgetTries();
  }
}

/** Each code that means "not now" or "never again": the right state for all, and no knocking. */
export async function refusals({ stage, simulator, measures }: CloseScene): Promise<void> {
  const states: [number, string][] = [
    [402, 'banned'],
    [405, 'outdated'],
    [409, 'conflict'],
    [440, 'conflict'],
    [411, 'error'],
  ];
  const count = stage.phones.length;
  for (const [code, estado] of states) {
    await simulator.call('failLogins', stage.phones, code, 2);
    await simulator.call('streamErrors', stage.phones, code);
    measures.note(`${code}: all ${count} ${estado}`, await stage.until(estado), 'ms', 1_500);
    const opened = (await simulator.call('counts'))['socket.opened'] ?? 0;
    await sleep(5 * SECOND);
    const tries = ((await simulator.call('counts'))['socket.opened'] ?? 0) - opened;
    // Out of date: one more try with the version that WhatsApp wants now.
    measures.note(`${code}: sockets opened in the 5 s after`, tries, '', code === 405 ? count : 0);
    await simulator.call('forgetLoginFailures');
    await stage.forgetTries();
  }
}

/** The server is gone for so long: how soon all are back, and how often they knocked meanwhile. */
export async function outage(scene: CloseScene, ms: number, barMs: number, name: string): Promise<void> {
  const { stage, simulator, measures } = scene;
  const before = await stage.logins();
  await simulator.call('refuse', true);
  await simulator.call('reset', stage.phones);
  const tries = await stage.gateway.call('countTries', ms);
  await simulator.call('refuse', false);
  measures.note(
    `${name}: all ${stage.phones.length} back after its return`,
    await stage.untilBack(before),
    'ms',
    barMs,
  );
  measures.note(`${name}: login attempts a minute, the busiest connection`, tries, '', 12);
  await stage.forgetTries();
}

/** The sockets fall silent without a close. */
export async function blackHole({ stage, simulator, measures }: CloseScene): Promise<void> {
  const before = await stage.logins();
  await simulator.call('blackHole', stage.phones);
  const name = `black-holed sockets: all ${stage.phones.length} logged in anew`;
  measures.note(name, await stage.untilBack(before), 'ms', 45 * SECOND);
  await stage.forgetTries();
}

/** A stanza is taken in and never finished, as behind a held mutex. */
export async function wedge({ stage, simulator, measures }: CloseScene): Promise<void> {
  const [phone] = stage.phones;
  await stage.gateway.call('wedgeNext');
  await simulator.call('message', phone!, 'preso');
  const startedAt = performance.now();
  const steps = async () =>
    (await stage.gateway.call('watchdog')).connections.find(({ connectionId }) => connectionId === phone)!.steps;
  const noticed = await stage.untilTrue('the wedge to be noticed', 3 * MINUTE, async () =>
    (await steps()).some(({ reasons }) => reasons.includes('STUCK_STANZA')),
  );
  measures.note('wedge: noticed', noticed, 'ms', 90 * SECOND);
  await stage.untilTrue('a new socket', 3 * MINUTE, async () =>
    (await steps()).some(({ step }) => step === 'reconnect'),
  );
  await stage.until('ready');
  measures.note('wedge: mended', performance.now() - startedAt, 'ms', 120 * SECOND);
}
