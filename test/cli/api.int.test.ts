import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '../services/free-port.js';
import { createShop, type ShopStack } from './rig/stack.js';

/** The HTTP API of a `steady up`, as scripts and a phone use it. */

let shop: ShopStack;
let base: string;
beforeAll(async () => {
  shop = await createShop();
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  await shop.up.start('--metrics', 'off', '--api', `${port}`);
  await vi.waitFor(async () => expect((await fetch(`${base}/ready`)).status).toBe(200), 30_000);
}, 180_000);
afterAll(() => shop.close());

interface Reply {
  readonly status: number;
  readonly json: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- each answer has its own form
}
async function call(method: string, path: string, as?: string, body?: unknown): Promise<Reply> {
  const answer = await fetch(`${base}${path}`, {
    method,
    headers: {
      ...(as !== undefined && { authorization: `Bearer ${as}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: await answer.json() };
}
const state = (file: string): string => join(shop.folder, '.steady', file);
const tokenOf = async (...args: string[]): Promise<string> =>
  (await shop.json('token', 'create', ...args)).secret as string;

describe('tokens', () => {
  it('are made for a person or a machine, shown once, and kept as a hash', async () => {
    expect(shop.up.words()).toContain(`, API ${base}, `);
    expect(shop.up.words()).not.toContain('the API ended');
    const made = await shop.steady(
      'token',
      'create',
      'ci',
      '--machine',
      '--role',
      'deployer',
      '--action',
      'backup',
    );
    expect([made.code, made.stderr]).toEqual([0, '']);
    const [first, second, third] = made.stdout.split('\n');
    expect(first).toMatch(
      /^ci: read, deploy, rollback, control, backup of shop, in the name of nobody, until 20/,
    );
    const secret = second?.replace('It is shown this once: ', '') ?? '';
    expect(secret).toMatch(/^steady_[\w-]{43}$/);
    expect(third).toMatch(
      /^Where the stack file asks .* has: api: \{ key: "ed25519:.*", signsFor: \[operator\] \}$/,
    );
    expect(statSync(state('tokens.json')).mode & 0o777).toBe(0o600);
    expect(statSync(state('api.identity')).mode & 0o777).toBe(0o600);
    expect(readFileSync(state('tokens.json'), 'utf8')).not.toContain(secret);

    expect((await call('GET', '/v1/stacks', secret)).json).toMatchObject({
      token: { name: 'ci' },
      stacks: [{ stack: 'shop', stores: ['db', 'cache'] }],
    });
    const list = await shop.steady('token', 'list');
    expect(list.stdout).toMatch(/^ci +bearer +read,deploy,rollback,control,backup +shop +ends in 90 d$/m);
    expect(JSON.stringify(await shop.json('token', 'list'))).not.toMatch(/sha256|secret/);
    const again = await shop.steady('--json', 'token', 'create', 'ci', '--role', 'viewer');
    expect([again.code, again.json.error.message]).toEqual([
      2,
      expect.stringContaining('there is one of this name'),
    ]);

    await shop.json('token', 'revoke', 'ci');
    const gone = await call('GET', '/v1/stacks', secret);
    expect([gone.status, gone.json.code]).toEqual([401, 'token.invalid']);
    expect((await shop.steady('token', 'list')).stdout).toBe(
      'No tokens yet. Make one with `steady token create`.\n',
    );
  });

  it.each([
    [['x'], /what may it do/],
    [['x', '--role', 'root'], /role=root allowed=viewer,deployer/],
    [['X', '--role', 'viewer'], /1 to 40 of a-z/],
    [['x', '--role', 'viewer', '--expires', '9999d'], /up to 366d/],
    [['x', '--role', 'approver', '--machine'], /only a person decides/],
    [['x', '--role', 'approver', '--webhook'], /only a person decides/],
    [['x', '--role', 'viewer', '--service', 'cahce'], /nearest=cache/],
  ])('%j is wrong', async (args, error) => {
    const { code, json } = await shop.steady('--json', 'token', 'create', ...args);
    expect([code, json.error.code]).toEqual([2, 'usage.invalid']);
    expect(json.error.message).toMatch(error);
  });

  it('of a file that others could read are not taken', async () => {
    const secret = await tokenOf('open', '--role', 'viewer');
    const { chmodSync } = await import('node:fs');
    chmodSync(state('tokens.json'), 0o644);
    const { status, json } = await call('GET', '/v1/stacks', secret);
    expect([status, json.code, json.detail]).toEqual([
      500,
      'token.unsafe',
      expect.stringContaining('mode 644, not 600'),
    ]);
    chmodSync(state('tokens.json'), 0o600);
    expect((await call('GET', '/v1/stacks', secret)).status).toBe(200);
  });
});

describe('a person’s token', () => {
  it('approves a restore, once the stack file has the key of the API; who asked cannot', async () => {
    await shop.json('backup', 'run', 'db', '--verify', 'restored');
    const phone = (await shop.as('ben', '--json', 'token', 'create', 'phone', '--role', 'approver')).json
      .secret;
    const own = await tokenOf('laptop', '--role', 'approver', '--role', 'operator');
    const ask = async () => {
      const { run } = await shop.json('restore', 'latest', '--store', 'db', '--no-wait');
      return [run as string, await shop.untilAsked(run as string)] as const;
    };
    const [early, digest] = await ask();
    const unnamed = await call('POST', `/v1/runs/${early}/approve`, phone, { digest });
    expect([unnamed.status, unnamed.json.detail]).toEqual([
      409,
      expect.stringContaining('names no key of the HTTP API'),
    ]);
    await shop.json('cancel', early);

    const { apiKey } = await shop.json('token', 'create', 'another', '--role', 'viewer');
    shop.file.write(`${shop.file.text}api: { key: "${apiKey}", signsFor: [operator] }\n`);
    await shop.json('apply');
    const [run, shown] = await ask();
    const { json: asked } = await call('GET', `/v1/runs/${run}/approval`, phone);
    expect(asked).toMatchObject({ status: 'waiting', digest: shown, proposal: { requestedBy: 'ana' } });
    const self = await call('POST', `/v1/runs/${run}/approve`, own, { digest: shown });
    expect([self.status, self.json.detail]).toEqual([409, expect.stringContaining('ana asked for it')]);
    expect(
      (await call('POST', `/v1/runs/${run}/approve`, phone, { digest: shown, reason: 'from bed' })).status,
    ).toBe(200);
    const { json: done } = await call('GET', `/v1/runs/${run}?wait=60`, phone);
    expect(done).toMatchObject({ ended: true, exit: 0, procedure: 'restore' });
    const evidence = await vi.waitFor(async () => {
      const ran = await shop.steady('evidence', 'verify');
      expect(ran.stdout).toContain('ben decided by way of the HTTP API');
      return ran;
    }, 30_000);
    expect(evidence.code).toBe(0);
  });

  it('takes a backup, once for one key', async () => {
    const as = await tokenOf('night', '--action', 'backup', '--action', 'read');
    const start = async (): Promise<{ run: string }> =>
      (await (
        await fetch(`${base}/v1/stacks/shop/backups`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${as}`,
            'idempotency-key': 'n-1',
            'content-type': 'application/json',
          },
          body: '{"stores":["db"]}',
        })
      ).json()) as { run: string };
    const [first, second] = [await start(), await start()];
    expect(first).toEqual({ run: expect.stringMatching(/^backup\.shop\.once-\w{24}$/) as string });
    expect(second).toEqual(first);
    const { json } = await call('GET', `/v1/runs/${first.run}?wait=60`, as);
    expect(json).toMatchObject({ exit: 0, by: 'ana', result: { stores: [{ store: 'db' }] } });
    // The command line knows it too.
    expect((await shop.json('show', first.run)).run).toBe(first.run);
  });
});

describe('the server', () => {
  it('that is killed is back by itself, and its log has no secrets', async () => {
    const secret = await tokenOf('late', '--role', 'viewer');
    const { pid } = JSON.parse(readFileSync(state('api.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect((await call('GET', '/v1/stacks', secret)).status).toBe(200), 30_000);
    const log = readFileSync(state('api.log'), 'utf8');
    expect(log).toContain('POST /v1/stacks/shop/backups 202');
    expect(log).not.toMatch(/steady_[\w-]{43}/);
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(metrics).toContain(
      'steady_api_request_seconds_count{method="GET",route="/v1/stacks",status="200"}',
    );
  });

  it.each([
    [['--listen', '0.0.0.0:8790'], 'usage.invalid', /tokens would go over the network in plain/],
    [['--listen', 'off'], 'usage.invalid', /a port, or host:port/],
    [['--cert', 'x.pem'], 'usage.invalid', /--cert and --key go together/],
    [['--cert', 'x.pem', '--key', 'y.pem'], 'usage.invalid', /cert=x\.pem error=ENOENT/],
    [['nowhere.yaml'], 'config.missing', /nowhere/],
    [['steady.yaml', '.'], 'usage.invalid', /of two files/],
  ])('says what is wrong with %j', async (args, code, message) => {
    const { json } = await shop.steady('--json', 'server', ...args);
    expect(json.error.code).toBe(code);
    expect(json.error.message).toMatch(message);
  });

  it('says that its port is taken', async () => {
    const taken = await shop.steady('--json', 'server', '--listen', base.replace('http://', ''));
    expect([taken.code, taken.json.error.code]).toEqual([1, 'server.port-taken']);
  });
});
