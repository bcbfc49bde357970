import redos from 'eslint-plugin-redos';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

/** Few rules, all errors. Each one has caught a bug in a gateway of this kind. */
export default tseslint.config(
  {
    ignores: [
      'dist',
      'coverage',
      'logs',
      'sessions',
      'eslint.config.js',
      'jest.config.js',
      'tests/support/*.{js,cjs}',
      '.dependency-cruiser.cjs',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      // A method may be async for its interface's sake.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      // The environment is read once, in config/; everything else takes a typed object (main.ts hands it over).
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Read settings in src/config only.' },
      ],
    },
  },
  {
    // Text that strangers write passes through patterns all over: each must be linear (docs/adr/0021). The two plugins find
    // different ones; a pattern that neither likes is better written as a loop.
    files: ['src/**/*.ts'],
    plugins: { redos, regexp },
    rules: {
      'redos/no-vulnerable': ['error', { timeout: 10_000, cache: false }],
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': 'error',
    },
  },
  {
    files: [
      'src/config/**',
      'src/main.ts',
      'src/db-migrate.ts',
      'src/import-session.ts',
      'src/keys.ts',
      'src/migrate-whatsapp.ts',
      'src/test-whatsapp.ts',
      'src/demo.ts',
      'src/backup.ts',
      'src/restore.ts',
      'tests/**',
      'bench/**',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: ['src/demo/**', 'src/demo.ts', 'bench/**'], rules: { 'no-console': 'off' } },
);
