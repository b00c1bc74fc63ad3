import { expect, it } from 'vitest';
import { unsetVariables } from '../../../src/cli/embedded/up-basis.js';
import { stackSchema } from '../../../src/contracts/stack/stack.js';

it('names each variable that the stack takes a secret from and that is not set, once', () => {
  const password = { env: 'DB_PASSWORD' };
  const stack = stackSchema.parse({
    version: 1,
    stack: 'shop',
    storage: { main: { directory: { path: 'backups' } } },
    stores: {
      db: { postgres: { database: 'shop', user: 'me', password } },
      other: { postgres: { database: 'other', user: 'me', password } },
      cache: { redis: { password: { env: 'REDIS_PASSWORD' } } },
      queue: { redis: { port: 6380, password: { file: 'queue.password' } } },
    },
  });
  expect(unsetVariables(stack, {})).toEqual(['DB_PASSWORD', 'REDIS_PASSWORD']);
  expect(unsetVariables(stack, { DB_PASSWORD: 'x' })).toEqual(['REDIS_PASSWORD']);
});
