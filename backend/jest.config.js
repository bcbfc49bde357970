/** ESM-only dependencies (Baileys) need Node's vm modules; swc strips the types, `npm run check` checks them. */
export default {
  testEnvironment: '<rootDir>/tests/support/jest-environment.js',
  roots: ['<rootDir>/tests'],
  testMatch: ['<rootDir>/tests/{unit,integration}/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  // Sources import each other as .js; data files (libphonenumber's metadata.min.json.js) keep their names.
  moduleNameMapper: {
    '^(\\.{1,2}/.*(?<!\\.json))\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        sourceMaps: 'inline',
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      },
    ],
  },
  // Generous: a busy machine is no failure. What waits for something says what it waited for sooner (tests/support/until.ts).
  testTimeout: 60000,
  maxWorkers: 2,
};
