import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACTIONS, actionsOf, TOKEN_ROLES, type Action } from '../../src/contracts/actions.js';
import { createApiWithoutTemporal } from './stub.js';

/** What each address is for: an action, any token, or none. A new one has to be named here. */
const ROUTES: Readonly<Record<string, Action | 'token' | 'signature' | 'open'>> = {
  'GET /live': 'open',
  'GET /health': 'open',
  'GET /ready': 'open',
  'GET /v1/stacks': 'token',
  'GET /v1/stacks/{stack}/status': 'read',
  'GET /v1/stacks/{stack}/stores': 'read',
  'GET /v1/stacks/{stack}/services': 'read',
  'GET /v1/stacks/{stack}/services/{service}/history': 'read',
  'GET /v1/stacks/{stack}/runs': 'read',
  'GET /v1/stacks/{stack}/freezes': 'read',
  'GET /v1/runs/{run}': 'read',
  'GET /v1/runs/{run}/events': 'read',
  'GET /v1/runs/{run}/approval': 'read',
  'POST /v1/stacks/{stack}/deploys': 'deploy',
  'POST /v1/stacks/{stack}/rollbacks': 'rollback',
  'POST /v1/stacks/{stack}/scalings': 'scale',
  'POST /v1/stacks/{stack}/restarts': 'services',
  'POST /v1/stacks/{stack}/stops': 'services',
  'POST /v1/stacks/{stack}/starts': 'services',
  'POST /v1/stacks/{stack}/backups': 'backup',
  'POST /v1/stacks/{stack}/jobs/{job}/runs': 'job',
  'POST /v1/stacks/{stack}/freezes': 'freeze',
  'DELETE /v1/stacks/{stack}/freezes/{target}': 'freeze',
  'POST /v1/runs/{run}/approve': 'decide',
  'POST /v1/runs/{run}/deny': 'decide',
  'POST /v1/runs/{run}/pause': 'control',
  'POST /v1/runs/{run}/resume': 'control',
  'POST /v1/runs/{run}/abort': 'control',
  'POST /v1/runs/{run}/cancel': 'cancel',
  'POST /v1/hooks/{stack}/{hook}': 'signature',
};

/** A body that every address would take, by its last word. */
const BODIES: Readonly<Record<string, unknown>> = {
  deploys: { services: { api: { image: 'acme/api:2' } } },
  rollbacks: { services: ['api'] },
  scalings: { services: { api: 2 } },
  restarts: { services: ['api'] },
  stops: { services: ['api'] },
  starts: { services: ['api'] },
  backups: {},
  runs: {},
  freezes: { targets: ['api'], reason: 'x' },
  approve: { digest: '0'.repeat(64) },
  deny: { digest: '0'.repeat(64) },
  pause: {},
  resume: {},
  abort: {},
};

let api: Awaited<ReturnType<typeof createApiWithoutTemporal>>;
let app: FastifyInstance;
beforeAll(async () => {
  api = await createApiWithoutTemporal();
  ({ app } = api);
});
afterAll(() => app.close());

async function call(route: string, as?: string, stack = 'shop'): Promise<number> {
  const [method = '', path = ''] = route.split(' ');
  const url = path
    .replace('{stack}', stack)
    .replace('{run}', `deploy.${stack}.20261122T020000Z-k7q2m9xd`)
    .replace('{service}', 'api')
    .replace('{target}', 'api')
    .replace('{job}', 'tidy')
    .replace('{hook}', 'release');
  const body = method === 'POST' ? BODIES[path.split('/').at(-1) ?? ''] : undefined;
  const answer = await app.inject({
    method: method as 'GET',
    url,
    ...(body !== undefined && { payload: body as object }),
    ...(as !== undefined && { headers: { authorization: `Bearer ${as}` } }),
  });
  if (answer.statusCode >= 400) expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  return answer.statusCode;
}

/** Temporal is away here: 503 is what somebody is told who was let in. */
const LET_IN = 503;
const inside = (route: string): number => (ROUTES[route] === 'token' ? 200 : LET_IN);
const guarded = Object.entries(ROUTES).filter(([, what]) => what !== 'open' && what !== 'signature');

it('every address has a line here, and says in its description who may use it', () => {
  const described = Object.entries(app.swagger().paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, { security?: object[]; summary?: string }>).map(
      ([method, { security, summary }]) => {
        expect([path, summary]).toEqual([path, expect.stringMatching(/^[A-Z]/)]);
        const needs = Object.keys(security?.[0] ?? {})[0] ?? 'open';
        return [`${method.toUpperCase()} ${path}`, needs];
      },
    ),
  );
  const here = Object.entries(ROUTES).map(([route, what]) => [
    route,
    what === 'open' || what === 'signature' ? what : 'token',
  ]);
  expect(Object.fromEntries(described)).toEqual(Object.fromEntries(here));
});

describe.each(TOKEN_ROLES)('a token of a %s', (role) => {
  it.each(guarded)('%s', async (route, what) => {
    const person = role === 'approver' ? { person: 'ana' } : {};
    const allowed = what === 'token' || actionsOf({ roles: [role], actions: [] }).includes(what as Action);
    expect(await call(route, api.token({ roles: [role], ...person }))).toBe(allowed ? inside(route) : 403);
  });
});

describe.each(ACTIONS)('a token for %s alone', (action) => {
  it.each(guarded)('%s', async (route, what) => {
    const allowed = what === 'token' || what === action;
    expect(await call(route, api.token({ actions: [action] }))).toBe(allowed ? inside(route) : 403);
  });
});

describe('nobody is let in', () => {
  it.each(guarded)('without a token that holds, or with one of another stack: %s', async (route, what) => {
    const all = { roles: [...TOKEN_ROLES], actions: [...ACTIONS] };
    const over = api.token({ ...all, expiresAt: '2026-01-01T00:00:00Z' });
    for (const as of [undefined, 'steady_guess', over, `${over}x`]) expect(await call(route, as)).toBe(401);
    const others = api.token({ ...all, stacks: ['blog'] });
    expect(await call(route, others)).toBe(what === 'token' ? 200 : 403);
    expect(await call(route, api.token({ ...all, person: 'eve' }))).toBe(what === 'token' ? 200 : 403);
  });
  it('of a webhook, without a signature', async () => {
    expect(await call('POST /v1/hooks/{stack}/{hook}', api.token({ roles: ['operator'] }))).toBe(401);
  });
});

it('a token for some services changes no other', async () => {
  const as = api.token({ roles: ['operator'], services: ['worker'] });
  const post = async (path: string, payload: object): Promise<number> =>
    (
      await app.inject({
        ...{ method: 'POST', url: `/v1/stacks/shop/${path}`, payload },
        headers: { authorization: `Bearer ${as}` },
      })
    ).statusCode;
  const set = { set: { A: 'b' } };
  expect(await post('deploys', { services: { worker: set } })).toBe(LET_IN);
  expect(await post('deploys', { services: { worker: set, api: set } })).toBe(403);
  expect(await post('restarts', { services: ['worker'] })).toBe(LET_IN);
  expect(await post('restarts', { services: ['worker'], dependents: true })).toBe(403);
  expect(await post('backups', {})).toBe(403);
  expect(await post('freezes', { targets: ['api'], reason: 'x' })).toBe(403);
});

it('what is open tells nothing of a stack', async () => {
  for (const url of ['/live', '/health', '/ready', '/metrics', '/openapi.json']) {
    const { body } = await app.inject({ method: 'GET', url });
    expect([url, body.includes('shop')]).toEqual([url, false]);
  }
});

it('monitors may ask for what is open with HEAD, and nobody for anything else', async () => {
  const as = api.token({ roles: ['viewer'] });
  const head = async (url: string): Promise<number> =>
    (await app.inject({ method: 'HEAD', url, headers: { authorization: `Bearer ${as}` } })).statusCode;
  expect([await head('/live'), await head('/health'), await head('/v1/stacks')]).toEqual([200, 200, 404]);
});

it('an address that is none is told as any other error', async () => {
  for (const [method, url, status] of [
    ['GET', '/%', 400],
    ['POST', '/live', 404],
    ['GET', `/v1/runs/${'x'.repeat(2000)}`, 414],
  ] as const) {
    const answer = await app.inject({ method, url });
    expect([url, answer.headers['content-type']]).toEqual([url, 'application/problem+json']);
    expect([url, answer.statusCode, answer.json<{ status: number }>().status]).toEqual([url, status, status]);
  }
});
