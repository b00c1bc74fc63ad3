import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createNotifier } from '../../../src/adapters/notifiers/index.js';
import { createSecrets } from '../../../src/adapters/secrets/read-secret.js';
import { SteadyError } from '../../../src/contracts/failures.js';
import type { Message } from '../../../src/contracts/runs/message.js';
import { channelSchema } from '../../../src/contracts/stack/notify.js';
import { makeCertificate, serve, type TestServer } from '../probes/http-server.js';
import { startMailServer, type MailServer } from './mail-server.js';

const MESSAGE: Message = {
  version: 1,
  id: '0198c1d2-run.ended',
  event: 'failed',
  stack: 'shop',
  at: '2026-11-22T03:31:07.000Z',
  title: 'backup of shop failed',
  lines: ['✗ Back up db: <no> room & no bytes'],
  next: ['steady show backup.shop.nightly'],
  run: {
    workflowId: 'backup.shop.nightly',
    runId: '0198c1d2-run',
    procedure: 'backup',
    by: 'schedule',
    outcome: 'failed',
  },
  failure: { code: 'backup.failed', message: 'a store could not be backed up', hint: 'See the run.' },
};
const TOKEN = 'T0123/B0456/x7Kq9-not-to-be-seen';

let folder: string;
let tls: { key: Buffer; cert: Buffer };
const env: Record<string, string> = {};
const servers: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steady-notify-'));
  tls = makeCertificate(folder);
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function send(channel: unknown): Promise<string> {
  const config = channelSchema.parse(channel);
  const secrets = createSecrets({ env, baseFolder: folder });
  const notifier = await createNotifier({ name: 'ops', config, secrets, baseFolder: folder });
  return await notifier.send(MESSAGE, new AbortController().signal);
}

/** The failure of a delivery, which holds neither a token nor a password, in any of its parts. */
async function failureOf(channel: unknown): Promise<SteadyError> {
  const error = await send(channel).catch((thrown: unknown) => thrown);
  if (!(error instanceof SteadyError)) throw new Error(`no failure of ours: ${String(error)}`);
  const all = [
    error.message,
    error.stack,
    JSON.stringify(error.facts),
    String((error.cause as Error)?.stack),
  ].join(' ');
  expect(all).not.toMatch(/not-to-be-seen|T0123/);
  return error;
}

async function receiver(answer: Parameters<typeof serve>[0]): Promise<TestServer> {
  const server = await serve(answer);
  servers.push(server);
  env['HOOK'] = `${server.url}/services/${TOKEN}`;
  return server;
}

describe('a webhook', () => {
  it('gets the message as JSON, with a signature that its key and the documented snippet confirm', async () => {
    const server = await receiver((_request, response) => response.end('thanks'));
    env['KEY'] = 'shared with the receiver';
    expect(await send({ webhook: { url: { env: 'HOOK' }, key: { env: 'KEY' } } })).toBe('200 thanks');
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: 'POST', path: `/services/${TOKEN}` });
    expect(JSON.parse(seen?.body ?? '')).toEqual(MESSAGE);
    expect(seen?.headers).toMatchObject({ 'x-steady-event': 'failed', 'x-steady-id': MESSAGE.id });
    const [, time = '', hex = ''] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(seen?.headers['x-steady-signature'])) ?? [];
    expect(hex).toBe(createHmac('sha256', env['KEY']).update(`${time}.${seen?.body}`).digest('hex'));
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(60);

    const page = await readFile(new URL('../../../docs/notify.md', import.meta.url), 'utf8');
    const snippet = /```js\n([^]*?)```/.exec(page)?.[1] ?? '';
    await writeFile(join(folder, 'verify.mjs'), snippet);
    const { isFromSteady } = (await import(join(folder, 'verify.mjs'))) as {
      isFromSteady: (key: string, header: string, body: string, now?: number) => boolean;
    };
    const header = String(seen?.headers['x-steady-signature']);
    expect(isFromSteady(env['KEY'], header, seen?.body ?? '')).toBe(true);
    expect(isFromSteady(env['KEY'], header, `${seen?.body} `)).toBe(false);
    expect(isFromSteady('another', header, seen?.body ?? '')).toBe(false);
    expect(isFromSteady(env['KEY'], header, seen?.body ?? '', Date.now() + 3_600_000)).toBe(false);
  });

  it.each([
    [404, 'notify.refused'],
    [401, 'notify.refused'],
    [408, 'notify.unreachable'],
    [429, 'notify.unreachable'],
    [503, 'notify.unreachable'],
  ])('that answers %i is %s, in words without its address', async (status, code) => {
    await receiver((request, response) => response.writeHead(status).end(`no ${request.path} here`));
    const failure = await failureOf({ webhook: { url: { env: 'HOOK' } } });
    expect([failure.code, failure.retryable]).toEqual([code, code === 'notify.unreachable']);
    expect(failure.message).toMatch(
      new RegExp(`\\[host=127.0.0.1:\\d+ status=${status} says="no \\[secret\\] here"\\]$`),
    );
  });

  it('that leads elsewhere is not followed', async () => {
    const other = await receiver((_request, response) => response.end('caught'));
    const { url } = other;
    await receiver((_request, response) => response.writeHead(307, { location: url }).end());
    expect((await failureOf({ webhook: { url: { env: 'HOOK' } } })).code).toBe('notify.refused');
    expect(other.seen).toEqual([]);
  });

  it('that is not there, or whose secret is no address, says so', async () => {
    const server = await receiver((_request, response) => response.end());
    await server.close();
    const failure = await failureOf({ webhook: { url: { env: 'HOOK' } } });
    expect(failure.message).toMatch(
      /^a receiver was not reached \[host=127\.0\.0\.1:\d+ error=ECONNREFUSED\]$/,
    );
    env['HOOK'] = `${TOKEN} pasted wrongly`;
    expect((await failureOf({ webhook: { url: { env: 'HOOK' } } })).message).toBe(
      'a receiver refused the message [error="the secret is no http or https address"]',
    );
    env['HOOK'] = '';
    expect((await failureOf({ webhook: { url: { env: 'HOOK' } } })).code).toBe('secret.missing');
  });

  it('gets what stands in its address as a login in a header', async () => {
    const server = await receiver((_request, response) => response.end());
    env['HOOK'] = env['HOOK']?.replace('//', '//ana:s%20cret@') ?? '';
    await send({ webhook: { url: { env: 'HOOK' } } });
    expect(server.seen[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from('ana:s cret').toString('base64')}`,
    );
  });
});

it('Slack gets a text, with nothing in it taken for markup', async () => {
  const server = await receiver((_request, response) => response.end('ok'));
  await send({ slack: { url: { env: 'HOOK' } } });
  const { text } = JSON.parse(server.seen[0]?.body ?? '') as { text: string };
  expect(text.split('\n').slice(0, 4)).toEqual([
    '*[steady shop] backup of shop failed*',
    '• ✗ Back up db: &lt;no&gt; room &amp; no bytes',
    '• backup.failed: a store could not be backed up',
    '• See the run.',
  ]);
  expect(text).toContain('• next: steady show backup.shop.nightly');
});

it('a heartbeat is a call, and no more', async () => {
  const server = await receiver((_request, response) => response.end('OK'));
  await send({ heartbeat: { url: { env: 'HOOK' } } });
  expect(server.seen).toMatchObject([{ method: 'GET', path: `/services/${TOKEN}`, body: '' }]);
});

describe('a command', () => {
  it('finds the JSON on its stdin, and in its environment only what it was given', async () => {
    env['GIVEN'] = 'given';
    process.env['NOT_GIVEN'] = 'the database password';
    const run = ['sh', '-c', 'cat > got.json; env > got.env'];
    expect(await send({ command: { run, env: { GIVEN: { env: 'GIVEN' } } } })).toBe('exit 0');
    expect(JSON.parse(await readFile(join(folder, 'got.json'), 'utf8'))).toEqual(MESSAGE);
    const names = (await readFile(join(folder, 'got.env'), 'utf8'))
      .split('\n')
      .map((line) => line.split('=')[0]);
    const own = ['PATH', 'HOME', 'LANG', 'TZ', 'GIVEN', 'PWD', 'OLDPWD', 'SHLVL', '_', ''];
    expect(names.filter((name) => !own.includes(name ?? ''))).toEqual([]);
    expect(names).toContain('GIVEN');
  });

  it('that fails says how, and is tried again', async () => {
    const failure = await failureOf({ command: { run: ['sh', '-c', 'echo the pager is off >&2; exit 3'] } });
    expect(failure.message).toBe('a receiver was not reached [tool=sh exit=3 says="the pager is off"]');
    expect(failure.retryable).toBe(true);
  });
});

describe('a mail', () => {
  let server: MailServer;
  const smtp = (more: object = {}) => ({
    smtp: {
      ...{ host: '127.0.0.1', port: server.port, ca: 'ca.pem', user: 'ops', password: { env: 'PASSWORD' } },
      ...{ from: 'steady@example.org', to: ['ana@example.org', 'ben@example.org'], ...more },
    },
  });
  beforeAll(async () => {
    const refuses = (receiver: string) =>
      receiver.startsWith('full')
        ? { code: 452, words: 'no room' }
        : receiver.startsWith('gone')
          ? { code: 550, words: 'nobody' }
          : undefined;
    server = await startMailServer({ user: 'ops', password: 'not-to-be-seen', tls, refuses });
    env['PASSWORD'] = 'not-to-be-seen';
  });
  afterAll(() => server.close());

  it('goes to all its receivers over TLS, with a login, under an id that stays', async () => {
    await send(smtp());
    await send(smtp());
    const [mail, again] = server.mails;
    expect(mail).toMatchObject({
      from: 'steady@example.org',
      to: ['ana@example.org', 'ben@example.org'],
      user: 'ops',
      secure: true,
    });
    const idOf = (text = ''): string | undefined => /^Message-ID: (.*)\r$/m.exec(text)?.[1];
    expect(idOf(mail?.text)).toMatch(/^<[0-9a-f]{32}@steadyhand\.invalid>$/);
    expect(idOf(again?.text)).toBe(idOf(mail?.text));
    expect(mail?.text).toMatch(/^Subject: \[steady shop\] backup of shop failed\r$/m);
    expect(mail?.text).toContain('next: steady show backup.shop.nightly');
  });

  it.each([
    ['a wrong password', { password: { env: 'WRONG' } }, 'notify.refused', /535/],
    ['receivers it does not know', { to: ['gone@example.org'] }, 'notify.refused', /550 nobody/],
    ['receivers without room', { to: ['full@example.org'] }, 'notify.unreachable', /452 no room/],
    ['a certificate nobody vouches for', { ca: undefined }, 'notify.unreachable', /certificate/],
    ['a CA file that is not there', { ca: 'none.pem' }, 'notify.refused', /ca=none.pem error=ENOENT/],
  ] as const)('with %s is %s', async (_what, more, code, words) => {
    env['WRONG'] = 'wrong and not-to-be-seen';
    const failure = await failureOf(smtp(more));
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(words);
  });

  it('that reaches only some says whom it did not', async () => {
    expect(await send(smtp({ to: ['ana@example.org', 'gone@example.org'] }))).toMatch(
      /; refused for gone@example\.org$/,
    );
  });
});
