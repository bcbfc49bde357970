import { runDemo } from './demo/run-demo.js';
import { readCommandLine } from './lib/command-line.js';

/** `npm run demo [-- --once]`: a whole working gateway with a simulated WhatsApp and simulated customers. */
const options = { once: { type: 'boolean', default: false } } as const;
const { values } = readCommandLine({ options, usage: 'npm run demo [-- --once]' });
process.exitCode = await runDemo({ once: values.once, env: process.env });
// The gateway closes what it opened; whatever else a library left behind must not keep a finished demo alive.
process.exit();
