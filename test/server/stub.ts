import { pino } from 'pino';
import type { FastifyInstance } from 'fastify';
import { newSecret, secretSha256, type Token } from '../../src/config/tokens-file.js';
import type { LoadedStack } from '../../src/config/load-stack-file.js';
import { SteadyError } from '../../src/contracts/failures.js';
import { stackSchema } from '../../src/contracts/stack/stack.js';
import { createServer } from '../../src/server/create-server.js';
import { approver, person } from '../workflows/people.js';

/** The HTTP API before a Temporal that is away: who was let in is told so, and nobody starts anything. */
export async function createApiWithoutTemporal(): Promise<{
  readonly app: FastifyInstance;
  token(more?: Partial<Token>): string;
}> {
  const stack = stackSchema.parse({
    version: 1,
    stack: 'shop',
    storage: { main: { directory: { path: 'backups' } } },
    stores: { db: { postgres: { database: 'shop', user: 'me' } } },
    services: { api: {}, worker: {} },
    jobs: { tidy: { command: ['true'] } },
    approvers: [approver('ana', 'operator')],
  });
  const loaded = { stack, sha256: '0'.repeat(64), folder: '/srv/shop', path: '/srv/shop/steady.yaml' };
  const tokens: Token[] = [];
  const app = await createServer(
    {
      stacks: {
        all: () => Promise.resolve([loaded as LoadedStack]),
        named: () => Promise.resolve(loaded as LoadedStack),
      },
      temporal: {
        steady: () => Promise.reject(new SteadyError('temporal.unreachable', { address: '127.0.0.1:1' })),
        close: () => Promise.resolve(),
      },
      tokens: () => tokens,
      signer: person('the API'),
      stopping: new AbortController().signal,
    },
    { logger: pino({ level: 'silent' }) },
  );
  await app.ready();
  return {
    app,
    token(more = {}) {
      const secret = newSecret('bearer');
      tokens.push({
        ...{ name: `t${tokens.length}`, kind: 'bearer', sha256: secretSha256(secret) },
        ...{ roles: [], actions: [], stacks: ['shop'] },
        createdAt: '2026-11-22T00:00:00Z',
        expiresAt: '2099-01-01T00:00:00Z',
        ...more,
      });
      return secret;
    },
  };
}
