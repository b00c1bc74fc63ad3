import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Records histories anew: `npx vitest run --config test/histories/record.config.ts`. Never part of the tests. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    pool: 'forks',
    include: ['test/histories/record.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: ['test/services/temporal-for-all.ts', 'test/services/bundle-for-all.ts'],
  },
});
