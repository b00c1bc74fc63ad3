import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { rememberApplied } from '../../src/client/entities.js';
import { newSecret, secretSha256, type Token } from '../../src/config/tokens-file.js';
import type { LoadedStack } from '../../src/config/load-stack-file.js';
import { SteadyError } from '../../src/contracts/failures.js';
import { publicKeyOf } from '../../src/contracts/signing.js';
import type { Api } from '../../src/server/api.js';
import { createServer } from '../../src/server/create-server.js';
import type { Problem } from '../../src/server/problem.js';
import { deployable } from '../workflows/deployable.js';
import type { Rig } from '../workflows/harness.js';
import { approver, person } from '../workflows/people.js';
import type { World } from '../workflows/world.js';

/** The key of the API. */
export const SIGNER = person('the API');

export interface Answer<T = never> {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: T;
}

/** The HTTP API over a stack that can be deployed, with real Temporal behind it. */
export interface ApiRig {
  readonly world: World;
  readonly app: FastifyInstance;
  readonly tokens: Token[];
  /** Makes a token; gives its secret. */
  token(more: Partial<Token>): string;
  /** One request, answered. */
  ask<T = Problem>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    more?: {
      readonly as?: string;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ): Promise<Answer<T>>;
  close(): Promise<void>;
}

export async function startApi(rig: Rig, file: Record<string, unknown> = {}): Promise<ApiRig> {
  const world = deployable(rig, {
    file: {
      approvers: [approver('ana', 'operator'), approver('ben', 'operator')],
      api: { key: publicKeyOf(SIGNER.secretKey), signsFor: ['operator'] },
      jobs: { tidy: { command: ['true'] } },
      ...file,
    },
  });
  const { stack, configSha256, folder } = world.snapshot;
  const loaded = { stack, sha256: configSha256, folder, path: `${folder}/steady.yaml` } as LoadedStack;
  await rememberApplied(rig.steady, stack, {
    ...{ sha256: configSha256, at: new Date().toISOString(), by: 'tester', text: 'a test' },
    snapshot: world.snapshot,
  });
  const tokens: Token[] = [];
  const stop = new AbortController();
  const api: Api = {
    stacks: {
      all: () => Promise.resolve([loaded]),
      named: (name) =>
        name === stack.stack
          ? Promise.resolve(loaded)
          : Promise.reject(new SteadyError('stack.unknown', { stack: name, allowed: stack.stack })),
    },
    temporal: { steady: () => Promise.resolve(rig.steady), close: () => Promise.resolve() },
    tokens: () => tokens,
    signer: SIGNER,
    stopping: stop.signal,
  };
  const app = await createServer(api, { logger: pino({ level: 'silent' }) });
  await app.ready();
  let named = 0;
  return {
    world,
    app,
    tokens,
    token(more) {
      const secret = newSecret(more.kind ?? 'bearer');
      tokens.push({
        name: `token-${(named += 1)}`,
        kind: 'bearer',
        ...(more.kind === 'webhook' ? { secret } : { sha256: secretSha256(secret) }),
        roles: [],
        actions: [],
        stacks: [stack.stack],
        createdAt: new Date().toISOString(),
        expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
        ...more,
      });
      return secret;
    },
    async ask<T>(
      method: 'GET' | 'POST' | 'DELETE',
      path: string,
      { as, body, headers = {} }: Parameters<ApiRig['ask']>[2] = {},
    ) {
      const answer = await app.inject({
        method,
        url: path,
        headers: { ...(as !== undefined && { authorization: `Bearer ${as}` }), ...headers },
        ...(body !== undefined && { payload: body as object }),
      });
      const isJson = /json/.test(String(answer.headers['content-type']));
      const said = isJson ? (JSON.parse(answer.body) as T) : (answer.body as T);
      return { status: answer.statusCode, headers: answer.headers, body: said };
    },
    async close() {
      stop.abort();
      await app.close();
    },
  };
}
