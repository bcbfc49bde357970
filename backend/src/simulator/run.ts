import { readCommandLine } from '../lib/command-line.js';
import { ControlServer } from './control-server.js';
import { Simulator } from './simulator.js';

/**
 * The simulator as a process of its own: `tsx src/simulator/run.ts [--port 0] [--control-port 0]`.
 * Prints one line of JSON, `{ wsUrl, noiseRootKey, mediaUrl, mediaCaPem, controlUrl }`, when it is ready; ends on SIGTERM, SIGINT, or when
 * its standard input is closed with `--with-parent` (so that it never outlives who started it).
 */
const { values } = readCommandLine({
  usage: 'tsx src/simulator/run.ts [--port <port>] [--control-port <port>] [--with-parent]',
  options: {
    port: { type: 'string', default: '0' },
    'control-port': { type: 'string', default: '0' },
    'with-parent': { type: 'boolean', default: false },
  },
});

const simulator = await Simulator.start({ port: Number(values.port) });
const control = await ControlServer.start(simulator, Number(values['control-port']));
const { wsUrl, noiseRootKeyHex: noiseRootKey } = simulator;
const { url: mediaUrl, caPem: mediaCaPem } = simulator.media;
process.stdout.write(`${JSON.stringify({ wsUrl, noiseRootKey, mediaUrl, mediaCaPem, controlUrl: control.url })}\n`);

const end = () => {
  void Promise.all([control.stop(), simulator.stop()]).then(() => process.exit(0));
};
process.once('SIGTERM', end);
process.once('SIGINT', end);
if (values['with-parent']) process.stdin.resume().once('close', end);
