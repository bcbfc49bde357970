/** The real curve25519-js, as tests/support/jest-environment.js has loaded it. */
module.exports = globalThis.curve25519;
