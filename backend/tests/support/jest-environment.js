import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

/**
 * Node's environment of jest, with an ordinary context as its sandbox. Jest's own asks a proxy each time that a global is
 * read: a million times `Math` or `Buffer` take 200 ms there instead of 10, and one signature of curve25519-js (libsignal's;
 * pairing a number makes three) 130 ms instead of 10.
 */
export default class SentinelaEnvironment extends TestEnvironment {
  constructor(config, context) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
  }
}
