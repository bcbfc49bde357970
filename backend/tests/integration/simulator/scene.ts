import { afterEach, beforeEach } from '@jest/globals';
import { Simulator, type Companion, type Phone } from '../../../src/simulator/index.js';
import { BaileysClient } from './baileys-client.js';

/** A simulator, one account and one client for it; everything is closed after each test. */
export interface Scene {
  simulator: Simulator;
  phone: Phone;
  client: BaileysClient;
  /** The client's linked device, after `pair`. */
  companion: Companion;
  pair(): Promise<void>;
}

/** Sets a fresh scene before each test of the file. */
export function aScene(): Scene {
  const scene = {} as Scene;
  beforeEach(async () => {
    scene.simulator = await Simulator.start();
    scene.phone = scene.simulator.createPhone({ number: '5511999990001', name: 'Loja' });
    scene.client = new BaileysClient(scene.simulator);
    scene.pair = async () => {
      await scene.client.pair(async (qr) => (scene.companion = await scene.phone.scan(qr)));
    };
  });
  afterEach(async () => {
    // The server first: a client in a black hole would wait 30 s for the end of its own close.
    await scene.simulator.stop();
    await scene.client.close();
  });
  return scene;
}
