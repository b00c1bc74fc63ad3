import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listRuns } from '../../src/client/runs.js';
import { targetState } from '../../src/client/entities.js';
import { ACTIONS, actionsOf, TOKEN_ROLES, type Action } from '../../src/contracts/actions.js';
import { problemSchema } from '../../src/server/problem.js';
import { NEW, OLD } from '../workflows/deployable.js';
import { startRig, type Rig } from '../workflows/harness.js';
import { requests, type Description } from './fuzz.js';
import { startApi, type ApiRig } from './rig.js';

const REQUESTS = 10_000;
/** Of each procedure, the action that a token needs for it. */
const NEEDED: Readonly<Record<string, Action>> = {
  deploy: 'deploy',
  rollback: 'rollback',
  scale: 'scale',
  restart: 'services',
  stop: 'services',
  start: 'services',
  backup: 'backup',
  job: 'job',
  look: 'read',
};

let rig: Rig;
let api: ApiRig;
beforeAll(async () => {
  rig = await startRig();
  api = await startApi(rig);
});
afterAll(async () => {
  await api.close();
  await rig.close();
});

it(`${REQUESTS} requests by its own description: none fails inside, and nothing is started that was not allowed`, async () => {
  const { app, world } = api;
  const operator = api.token({ name: 'night-shift', roles: ['operator'], services: ['worker'] });
  const secrets = [
    'steady_nobody',
    api.token({ name: 'over', roles: ['operator'], expiresAt: '2026-01-01T00:00:00Z' }),
    api.token({ name: 'elsewhere', roles: [...TOKEN_ROLES], stacks: ['blog'] }),
    api.token({ name: 'eve', roles: [...TOKEN_ROLES], person: 'eve' }),
    ...TOKEN_ROLES.map((role) =>
      api.token({
        name: role,
        roles: [role],
        services: ['worker'],
        ...(role === 'approver' && { person: 'ana' }),
      }),
    ),
    // What changes something changes the worker alone: these may not.
    ...ACTIONS.filter((one) => ['read', 'control', 'decide'].includes(one)).map((one) =>
      api.token({ name: `only-${one}`, actions: [one] }),
    ),
  ];
  const words = {
    stack: [world.stack, world.stack, world.stack, 'blog'],
    service: ['api', 'worker'],
    services: ['worker', 'worker', 'worker', 'api'],
    target: ['api', 'worker'],
    targets: ['worker', 'worker', 'api'],
    stores: ['db'],
    job: ['tidy', 'none'],
    hook: ['release'],
    image: [NEW, 'acme/worker:2', 'acme/none:1'],
    run: ['deploy', 'backup', 'look', 'target', 'storage'].map((one) => `${one}.${world.stack}.api`),
    memory: ['512m', '4q'],
    cpus: ['1.5', 'many'],
    for: ['2h', 'long'],
    // Not worth the wait.
    waitForImage: ['1s'],
    wait: ['0'],
  };
  const described = app.swagger() as unknown as Description;
  const seen = new Map<string, Set<number>>();
  await fc.assert(
    fc.asyncProperty(
      requests(described, words),
      fc.constantFrom(undefined, ...secrets, operator, operator, operator, operator),
      async ({ method, route, url, body }, as) => {
        const answer = await app.inject({
          method: method as 'GET',
          url,
          headers: {
            ...(as !== undefined && { authorization: `Bearer ${as}` }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { payload: JSON.stringify(body) }),
        });
        const { statusCode: status } = answer;
        seen.set(route, (seen.get(route) ?? new Set()).add(status));
        expect(status, `${route} ${url} ${JSON.stringify(body)} ${answer.body}`).toBeLessThan(500);
        if (status < 400) return;
        expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
        expect(problemSchema.parse(JSON.parse(answer.body)).status).toBe(status);
      },
    ),
    { numRuns: REQUESTS, endOnFailure: true },
  );
  console.log([...seen].map(([route, statuses]) => `${route}: ${[...statuses].sort().join(' ')}`).join('\n'));
  // All of it was reached, and not only the doors of it.
  for (const [route, statuses] of seen)
    if (route.includes('/v1/')) expect(statuses.size, route).toBeGreaterThan(1);
  expect(
    [...seen.values()].filter((statuses) => [...statuses].some((one) => one < 300)).length,
  ).toBeGreaterThan(15);

  expect(seen.get('POST /v1/stacks/{stack}/deploys')).toContain(202);
  const runs = await listRuns(rig.steady, { stack: world.stack, limit: 20_000, all: true });
  const mine = runs.filter((one) => one.by !== 'tester' && NEEDED[one.procedure] !== undefined);
  console.log(`${mine.length} runs were started`);
  expect(mine.length).toBeGreaterThan(0);
  for (const { by, procedure } of mine) {
    const token = api.tokens.find((one) => [`api:${one.name}`, one.person].includes(by));
    expect([by, procedure, token && actionsOf(token).includes(NEEDED[procedure] as Action)]).toEqual([
      by,
      procedure,
      true,
    ]);
    expect(['eve', 'api:over', 'api:elsewhere']).not.toContain(by);
  }
  // What no token was for is as it was.
  expect(world.fleet.of('api').map((one) => one.image.name)).toEqual([OLD, OLD]);
  expect((await targetState(rig.steady, world.snapshot.stack, 'api'))?.frozen).toBeUndefined();
}, 400_000);
