import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listRuns } from '../../src/client/runs.js';
import { recheckApprovals } from '../../src/contracts/recheck-approvals.js';
import type { ApiSigner } from '../../src/contracts/stack/people.js';
import { NEW, OLD } from '../workflows/deployable.js';
import { startRig, type Rig } from '../workflows/harness.js';
import { PATIENTLY } from '../workflows/patience.js';
import { startApi, type ApiRig } from './rig.js';

interface RunBody {
  readonly run: string;
  readonly ended: boolean;
  readonly exit?: number;
  readonly status: string;
  readonly by: string;
  readonly failure?: { readonly code: string };
  readonly approval?: { readonly digest: string; readonly proposal: { readonly requestedBy: string } };
}

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

const toNew = { services: { api: { image: NEW } } };
const images = ({ world }: ApiRig): string[] => world.fleet.of('api').map((one) => one.image.name);

/** Runs that were started, but those that only look. */
const started = async ({ world }: ApiRig): Promise<string[]> =>
  (await listRuns(rig.steady, { stack: world.stack, limit: 1000 }))
    .map((one) => one.run)
    .filter((run) => !/^(target|storage|ledger|watch)\./.test(run));

async function start(api: ApiRig, as: string, path: string, body: unknown): Promise<string> {
  const answer = await api.ask<{ run: string }>('POST', `/v1/stacks/${api.world.stack}/${path}`, {
    as,
    body,
  });
  expect([answer.status, answer.body]).toEqual([202, { run: expect.any(String) as string }]);
  expect(answer.headers['location']).toBe(`/v1/runs/${answer.body.run}`);
  return answer.body.run;
}
const ended = async (api: ApiRig, as: string, run: string): Promise<RunBody> => {
  const { body } = await api.ask<RunBody>('GET', `/v1/runs/${run}?wait=60`, { as });
  expect(body.ended).toBe(true);
  return body;
};
const untilAsked = async (api: ApiRig, as: string, run: string): Promise<NonNullable<RunBody['approval']>> =>
  await vi.waitFor(async () => {
    const { body } = await api.ask<RunBody>('GET', `/v1/runs/${run}`, { as });
    expect(body.approval).toBeDefined();
    return body.approval as NonNullable<RunBody['approval']>;
  }, PATIENTLY);

describe.concurrent('the API', () => {
  it('deploys, and says how it ended as the command line would', async () => {
    const api = await startApi(rig);
    const ci = api.token({ name: 'ci', roles: ['deployer'] });
    const run = await start(api, ci, 'deploys', { ...toNew, reason: 'release 2' });
    expect(await ended(api, ci, run)).toMatchObject({ exit: 0, status: 'completed', by: 'api:ci' });
    expect(images(api)).toEqual([NEW, NEW]);
    const history = await api.ask<{ revisions: { by: string; running: number }[] }>(
      'GET',
      `/v1/stacks/${api.world.stack}/services/api/history`,
      { as: ci },
    );
    expect(history.body.revisions).toMatchObject([{ running: 0 }, { by: 'api:ci', running: 2 }]);
    const back = await start(api, ci, 'rollbacks', { services: ['api'] });
    expect(await ended(api, ci, back)).toMatchObject({ exit: 0 });
    expect(images(api)).toEqual([OLD, OLD]);
    const missing = await start(api, ci, 'deploys', { services: { api: { image: 'acme/api:none' } } });
    expect(await ended(api, ci, missing)).toMatchObject({ exit: 1, failure: { code: 'image.missing' } });
    await api.close();
  });

  it('starts one run for one Idempotency-Key, however often it comes', async () => {
    const api = await startApi(rig);
    const ci = api.token({ roles: ['deployer'] });
    const path = `/v1/stacks/${api.world.stack}/deploys`;
    const once = { as: ci, body: toNew, headers: { 'idempotency-key': 'build-77' } };
    const [first, second] = await Promise.all([
      api.ask<{ run: string }>('POST', path, once),
      api.ask<{ run: string }>('POST', path, once),
    ]);
    expect([first.status, second.status, first.body.run]).toEqual([202, 202, second.body.run]);
    await ended(api, ci, first.body.run);
    const third = await api.ask<{ run: string }>('POST', path, once);
    expect(third.body.run).toBe(first.body.run);
    const other = await api.ask('POST', path, { ...once, body: { ...toNew, reason: 'another' } });
    expect([other.status, other.body.code, other.body.run]).toEqual([422, 'request.reused', first.body.run]);
    const anothers = await api.ask<{ run: string }>('POST', path, {
      ...once,
      as: api.token({ roles: ['deployer'] }),
    });
    expect(anothers.body.run).not.toBe(first.body.run);
    expect((await api.ask('POST', path, { ...once, headers: { 'idempotency-key': 'ä b' } })).status).toBe(
      400,
    );
    await ended(api, ci, anothers.body.run);
    await api.close();
  });

  it('tells what is wrong with a request, by field, and starts nothing', async () => {
    const api = await startApi(rig);
    const ci = api.token({ roles: ['operator'] });
    const path = `/v1/stacks/${api.world.stack}`;
    const wrong = await api.ask('POST', `${path}/deploys`, {
      as: ci,
      body: { services: { api: { image: '--privileged' } }, strategy: 'big-bang', hurry: true },
    });
    expect(wrong.status).toBe(400);
    expect(wrong.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(wrong.body).toMatchObject({
      type: 'urn:steadyhand:usage.invalid',
      code: 'usage.invalid',
      status: 400,
    });
    expect(wrong.body.problems?.map((one) => one.field).sort()).toEqual([
      '',
      'services.api.image',
      'strategy',
    ]);
    const CASES: readonly [path: string, body: unknown, status: number, code: string, detail: RegExp][] = [
      ['deploys', { services: { apo: { image: NEW } } }, 400, 'usage.invalid', /service=apo .*nearest=api/],
      ['deploys', { services: { api: {} } }, 400, 'usage.invalid', /names nothing that is to change/],
      ['deploys', { ...toNew, hotfix: true }, 400, 'usage.invalid', /the reason is missing/],
      ['rollbacks', { services: ['api', 'api'] }, 400, 'usage.invalid', /named twice/],
      ['scalings', { services: { api: { min: 3, max: 2 } } }, 400, 'usage.invalid', /services\.api/],
      ['jobs/tidi/runs', {}, 400, 'usage.invalid', /nearest=tidy/],
      [
        'freezes',
        { targets: ['api'], reason: 'x', until: '2020-01-01T00:00:00Z' },
        400,
        'usage.invalid',
        /over/,
      ],
      ['nothing', {}, 404, 'route.unknown', /path=/],
    ];
    for (const [more, body, status, code, detail] of CASES) {
      const answer = await api.ask('POST', `${path}/${more}`, { as: ci, body });
      expect([more, answer.status, answer.body.code]).toEqual([more, status, code]);
      expect(answer.body.detail).toMatch(detail);
      expect(answer.body.hint).not.toBe('');
    }
    const text = await api.ask('POST', `${path}/deploys`, {
      ...{ as: ci, body: '{"services":', headers: { 'content-type': 'application/json' } },
    });
    expect([text.status, text.body.code]).toEqual([400, 'usage.invalid']);
    expect(await started(api)).toEqual([]);
    await api.close();
  });

  it('freezes and thaws; what is frozen is not changed', async () => {
    const api = await startApi(rig);
    const ana = api.token({ roles: ['operator'], person: 'ana' });
    const path = `/v1/stacks/${api.world.stack}`;
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const body = { targets: ['api'], reason: 'an audit', until };
    expect((await api.ask('POST', `${path}/freezes`, { as: ana, body })).status).toBe(201);
    const { body: listed } = await api.ask<object>('GET', `${path}/freezes`, { as: ana });
    expect(listed).toEqual({
      freezes: [{ target: 'api', by: 'ana', reason: 'an audit', at: expect.any(String) as string, until }],
    });
    const refused = await api.ask('POST', `${path}/deploys`, { as: ana, body: toNew });
    expect([refused.status, refused.body.code]).toEqual([409, 'target.frozen']);
    expect(refused.body.detail).toContain('frozen by ana');
    expect(await started(api)).toEqual([]);
    const thaw = () => api.ask<object>('DELETE', `${path}/freezes/api`, { as: ana });
    expect([(await thaw()).body, (await thaw()).body]).toEqual([{ thawed: true }, { thawed: false }]);
    await ended(api, ana, await start(api, ana, 'deploys', toNew));
    await api.close();
  });

  it('tells a run that is watched as server-sent events, to its end', async () => {
    const api = await startApi(rig);
    const ci = api.token({ roles: ['deployer'] });
    const run = await start(api, ci, 'deploys', toNew);
    const { body, headers } = await api.ask<string>('GET', `/v1/runs/${run}/events`, { as: ci });
    expect(headers['content-type']).toMatch(/^text\/event-stream/);
    const events = body
      .split('\n\n')
      .filter((one) => one.startsWith('event: '))
      .map((one) => /^event: (\w+)\ndata: (.*)$/.exec(one) ?? []);
    expect(events.map(([, kind]) => kind)).toEqual([...events.slice(1).map(() => 'run'), 'end']);
    expect(JSON.parse(events.at(-1)?.[2] ?? '')).toMatchObject({ run, ended: true, exit: 0 });
    await api.close();
  });

  it('looks at a run no longer than somebody listens, and ends what waits when it stops', async () => {
    const api = await startApi(rig);
    const ci = api.token({ roles: ['operator'] });
    const gate = api.world.script.gate('route api');
    const run = await start(api, ci, 'deploys', toNew);
    await gate.reached;
    const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
    const described = vi.spyOn(rig.steady.client.workflowService, 'describeWorkflowExecution');
    const looks = (): number =>
      described.mock.calls.filter(([{ execution }]) => execution?.workflowId === run).length;
    const hangUp = new AbortController();
    const headers = { authorization: `Bearer ${ci}` };
    const events = await fetch(`${url}/v1/runs/${run}/events`, { headers, signal: hangUp.signal });
    const reader = events.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toMatch(/^event: run\n/);
    const waiting = fetch(`${url}/v1/runs/${run}?wait=60`, { headers, signal: hangUp.signal }).catch(String);
    await vi.waitFor(() => expect(looks()).toBeGreaterThan(5), PATIENTLY);
    hangUp.abort();
    expect(await waiting).toContain('AbortError');
    await vi.waitFor(async () => {
      const before = looks();
      await sleep(2500);
      expect(looks()).toBe(before);
    }, PATIENTLY);

    const began = Date.now();
    const left = fetch(`${url}/v1/runs/${run}?wait=60`, { headers }).then(String, String);
    await sleep(500);
    await api.close();
    await left;
    expect(Date.now() - began).toBeLessThan(10_000);
    await rig.steady.client.workflow.getHandle(run).terminate();
    gate.open();
    described.mockRestore();
  });

  it('has a deploy wait, go on and end, and cancels runs; entities are none', async () => {
    const api = await startApi(rig);
    const operator = api.token({ roles: ['operator'] });
    const step = (run: string, what: string) =>
      api.ask('POST', `/v1/runs/${run}/${what}`, { as: operator, body: { reason: 'looks odd' } });
    const gate = api.world.script.gate('route api');
    const run = await start(api, operator, 'deploys', toNew);
    await gate.reached;
    expect((await step(run, 'pause')).status).toBe(202);
    expect((await step(run, 'resume')).status).toBe(202);
    expect((await step(run, 'abort')).status).toBe(202);
    gate.open();
    expect(await ended(api, operator, run)).toMatchObject({
      exit: 4,
      failure: { code: 'deploy.rolled-back' },
    });
    expect(images(api)).toEqual([OLD, OLD]);
    const late = await step(run, 'abort');
    expect([late.status, late.body.detail]).toEqual([400, expect.stringContaining('it has ended already')]);
    expect((await step(run, 'cancel')).status).toBe(400);
    const backup = await start(api, operator, 'backups', {});
    expect((await step(backup, 'pause')).status).toBe(400);
    await ended(api, operator, backup);
    for (const entity of [`target.${api.world.stack}.api`, `storage.${api.world.stack}.x`])
      expect((await step(entity, 'cancel')).body.code).toBe('run.unknown');
    await api.close();
  });

  it('runs jobs, restarts services and scales them', async () => {
    const api = await startApi(rig);
    const operator = api.token({ roles: ['operator'] });
    const asked: readonly [string, unknown][] = [
      ['jobs/tidy/runs', {}],
      ['restarts', { services: ['worker'] }],
      ['scalings', { services: { api: 3 } }],
      ['stops', { services: ['worker'] }],
      ['starts', { services: ['worker'] }],
    ];
    for (const [path, body] of asked) {
      const run = await start(api, operator, path, body);
      expect([path, await ended(api, operator, run)]).toMatchObject([path, { exit: 0 }]);
    }
    expect(images(api)).toEqual([OLD, OLD, OLD]);
    const { body } = await api.ask<{ runs: { procedure: string }[] }>(
      'GET',
      `/v1/stacks/${api.world.stack}/runs?limit=3`,
      { as: operator },
    );
    expect(body.runs).toHaveLength(3);
    await api.close();
  });
});

describe.concurrent('an approval by way of the API', () => {
  const approvals = { deploy: { from: 'operator' } };

  it('counts as the person’s whose token it is, and its record says how it came', async () => {
    const api = await startApi(rig, { approvals });
    const ana = api.token({ roles: ['operator', 'approver'], person: 'ana' });
    const ben = api.token({ roles: ['approver'], person: 'ben' });
    const run = await start(api, ana, 'deploys', toNew);
    const { digest, proposal } = await untilAsked(api, ana, run);
    expect(proposal.requestedBy).toBe('ana');
    const decide = (as: string, body: object) => api.ask('POST', `/v1/runs/${run}/approve`, { as, body });
    const own = await decide(ana, { digest });
    expect([own.status, own.body.code, own.body.detail]).toEqual([
      409,
      'approval.invalid',
      expect.stringContaining('ana asked for it and cannot approve it'),
    ]);
    const other = await decide(ben, { digest: 'f'.repeat(64) });
    expect([other.status, other.body.detail]).toEqual([409, expect.stringContaining('has changed')]);
    const nobody = await decide(api.token({ actions: ['decide'] }), { digest });
    expect([nobody.status, nobody.body.code]).toEqual([403, 'token.forbidden']);
    const stranger = await decide(api.token({ roles: ['approver'], person: 'eve' }), { digest });
    expect([stranger.status, stranger.body.detail]).toEqual([403, expect.stringContaining('person=eve')]);
    const yes = await api.ask<{ status: string; decisions: object[] }>('POST', `/v1/runs/${run}/approve`, {
      as: ben,
      body: { digest, reason: 'read it' },
    });
    expect(yes.body).toMatchObject({
      status: 'approved',
      decisions: [{ name: 'ben', via: 'api', decision: 'approve', reason: 'read it' }],
    });
    expect(await ended(api, ana, run)).toMatchObject({ exit: 0 });

    const record = await api.world.record(rig.steady.client.workflow.getHandle(run));
    const { approvers, api: signer } = api.world.snapshot.stack;
    expect(recheckApprovals([record], approvers, signer)).toMatchObject({
      signatures: 1,
      broken: [],
      notes: [expect.stringContaining('ben decided by way of the HTTP API')],
    });
    expect(recheckApprovals([record], [], undefined).broken).toEqual([]);
    await api.close();
  });

  it.each<[string, Partial<ApiSigner> | undefined, number, RegExp]>([
    ['signs for another role', { signsFor: [] }, 409, /does not sign for the role operator/],
    [
      'has another key in the file',
      { key: 'ed25519:JN99eQiewJu3gRSGMyB5iNAlUwGuofB6CagxgL5m18I' },
      403,
      /another key/,
    ],
  ])('does not count where the API %s', async (_, changed, status, detail) => {
    const api = await startApi(rig, { approvals });
    const signer = api.world.snapshot.stack.api as ApiSigner;
    await api.close();
    const other = await startApi(rig, { approvals, api: { ...signer, ...changed } });
    const ana = other.token({ roles: ['operator', 'approver'], person: 'ana' });
    const path = `/v1/stacks/${other.world.stack}/deploys`;
    const asked = await other.ask<{ run: string; detail: string }>('POST', path, { as: ana, body: toNew });
    if (asked.status !== 202) {
      expect([asked.status, asked.body.detail]).toEqual([status, expect.stringMatching(detail)]);
      expect(await started(other)).toEqual([]);
    } else {
      const { run } = asked.body;
      const { digest } = await untilAsked(other, ana, run);
      const ben = other.token({ roles: ['approver'], person: 'ben' });
      const refused = await other.ask('POST', `/v1/runs/${run}/deny`, { as: ben, body: { digest } });
      expect([refused.status, refused.body.detail]).toEqual([status, expect.stringMatching(detail)]);
      await rig.steady.client.workflow.getHandle(run).terminate();
    }
    await other.close();
  });
});

describe.concurrent('a webhook', () => {
  const sign = (secret: string, body: string, at = Date.now()): string => {
    const t = Math.floor(at / 1000);
    return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`;
  };
  const text = JSON.stringify({ action: 'deploy', ...toNew });

  it('that is signed deploys, once; forged, old and replayed ones do not', async () => {
    const api = await startApi(rig);
    const secret = api.token({ name: 'release', kind: 'webhook', roles: ['deployer'] });
    api.token({
      name: 'over',
      kind: 'webhook',
      roles: ['deployer'],
      secret,
      expiresAt: '2026-01-01T00:00:00Z',
    });
    const send = (signature: string | undefined, body = text, hook = 'release', to = api) =>
      to.ask<{ run?: string; code?: string; detail?: string }>(
        'POST',
        `/v1/hooks/${api.world.stack}/${hook}`,
        {
          body,
          headers: {
            'content-type': 'application/json',
            ...(signature !== undefined && { 'steady-signature': signature }),
          },
        },
      );
    const good = sign(secret, text);
    const FORGED: readonly [string, Awaited<ReturnType<typeof send>>, RegExp][] = [
      ['none', await send(undefined), /missing/],
      ['no form', await send('sha256=00'), /missing, or not/],
      ['another secret', await send(sign('guess', text)), /signature is not valid/],
      ['another body', await send(good, text.replace(NEW, 'evil/api:1')), /signature is not valid/],
      ['another time', await send(good.replace(/t=\d+/, 't=1')), /signature is not valid/],
      ['long ago', await send(sign(secret, text, Date.now() - 301_000)), /more than 300 s/],
      ['ahead', await send(sign(secret, text, Date.now() + 302_000)), /more than 300 s/],
      ['no such hook', await send(good, text, 'relase'), /signature is not valid/],
    ];
    for (const [what, { status, body }, detail] of FORGED) {
      expect([what, status, body.code]).toEqual([what, 401, 'webhook.invalid']);
      expect(body.detail).toMatch(detail);
    }
    expect(await send(good, text, 'over')).toMatchObject({ status: 401, body: { code: 'token.invalid' } });
    expect(await started(api)).toEqual([]);

    const first = await send(good);
    expect([first.status, first.body]).toEqual([202, { run: expect.any(String) as string }]);
    const replayed = await send(good);
    expect([replayed.status, replayed.body]).toMatchObject([
      409,
      { code: 'webhook.replayed', run: first.body.run },
    ]);
    const ci = api.token({ roles: ['viewer'] });
    expect(await ended(api, ci, first.body.run ?? '')).toMatchObject({ exit: 0, by: 'api:release' });
    // Also when it has long ended.
    expect((await send(good)).status).toBe(409);
    expect(await started(api)).toEqual([first.body.run]);
    // A secret is no token, and a token no secret.
    expect((await api.ask('GET', '/v1/stacks', { as: secret })).status).toBe(401);
    await api.close();
  });

  it('may do what it was made for only', async () => {
    const api = await startApi(rig);
    const secret = api.token({ name: 'one', kind: 'webhook', actions: ['rollback'], services: ['worker'] });
    for (const body of [text, JSON.stringify({ action: 'rollback', services: ['api'] })]) {
      const answer = await api.ask('POST', `/v1/hooks/${api.world.stack}/one`, {
        body,
        headers: { 'content-type': 'application/json', 'steady-signature': sign(secret, body) },
      });
      expect([answer.status, answer.body.code]).toEqual([403, 'token.forbidden']);
    }
    expect(await started(api)).toEqual([]);
    await api.close();
  });
});
