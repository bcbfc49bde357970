import { createRequire } from 'node:module';
import { TestEnvironment } from 'jest-environment-node';

const require = createRequire(import.meta.url);

/**
 * Node's environment of jest, with one module from outside its sandbox: inside, V8 does not optimise the arithmetic of
 * curve25519-js (libsignal's signatures), and each of them takes 130 ms instead of 10; pairing a number makes three.
 */
export default class SentinelaEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.curve25519 = require('curve25519-js');
  }
}
