import { parseArgs } from 'node:util';
import { runDemo } from './demo/run-demo.js';

/** `npm run demo [-- --once]`: a whole working gateway with a simulated WhatsApp and simulated customers. */
const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
process.exitCode = await runDemo({ once: values.once });
// The gateway closes what it opened; whatever else a library left behind must not keep a finished demo alive.
process.exit();
