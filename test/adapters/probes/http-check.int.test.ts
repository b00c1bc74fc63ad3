import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { checkHttp } from '../../../src/adapters/probes/http-check.js';
import { createSecrets } from '../../../src/adapters/secrets/read-secret.js';
import { httpCheckSchema } from '../../../src/contracts/stack/checks.js';
import { json, makeCertificate, serve, type Answerer, type TestServer } from './http-server.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steady-http-'));
});
afterAll(() => rm(folder, { recursive: true }));

const servers: TestServer[] = [];
const start = async (answer: Answerer, tls?: Parameters<typeof serve>[1]): Promise<TestServer> => {
  const server = await serve(answer, tls);
  servers.push(server);
  return server;
};
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const secrets = () =>
  createSecrets({
    env: { API_KEY: 'k-12345678', PASSWORD: 'pa ss&wörd', LINE: 'two\nlines' },
    baseFolder: folder,
  });
const check = (
  config: z.input<typeof httpCheckSchema>,
  more: { atMostSeconds?: number; signal?: AbortSignal } = {},
) =>
  checkHttp(httpCheckSchema.parse(config), {
    secrets: secrets(),
    baseFolder: folder,
    atMostSeconds: 60,
    ...more,
  });

describe('what the answer must be', () => {
  const healthy = { status: 'healthy', checks: [{ name: 'db', up: true }], version: 2 };

  it('passes with any status of 200 to 299 when nothing is said', async () => {
    const { url } = await start((_, response) => json(response, 202, healthy));
    const result = await check({ url });
    expect(result).toMatchObject({
      passed: true,
      answer: '202 {"status":"healthy","checks":[{"name":"db","up":true}],"version":2}',
    });
    expect(result.seconds).toBeGreaterThan(0);
    expect(result.seconds).toBeLessThan(5);
  });

  it.each([
    [{ json: { status: 'healthy', 'checks.0.up': true, version: 2 } }, true, '200 '],
    [{ text: '"healthy"' }, true, '200 '],
    [{ status: 204 }, false, 'status: expected 204, found 200; answered 200 {'],
    [{ text: 'degraded' }, false, 'text: "degraded" is not in the answer; answered 200 {'],
    [{ json: { status: 'ok' } }, false, 'status: expected "ok", found "healthy"; answered'],
    [{ json: { version: '2' } }, false, 'version: expected "2", found 2; answered'],
    [{ json: { 'checks.1.up': true } }, false, 'checks.1.up: expected true, found nothing; answered'],
  ])('is compared: %j', async (expected, passed, words) => {
    const { url } = await start((_, response) => json(response, 200, healthy));
    const result = await check({ url, expect: expected });
    expect(result.answer.slice(0, words.length)).toBe(words);
    expect(result.passed).toBe(passed);
  });

  it('says when an answer is not JSON, or not there', async () => {
    const { url } = await start((_, response) => response.end('<html>proxy error</html>'));
    expect(await check({ url, expect: { json: { status: 'healthy' } } })).toMatchObject({
      passed: false,
      answer: 'the answer is not JSON; answered 200 <html>proxy error</html>',
    });
    await servers[0]?.close();
    const gone = await check({ url });
    expect(gone.passed).toBe(false);
    expect(gone.answer).toMatch(/^connect ECONNREFUSED 127\.0\.0\.1:\d+$/);
    expect(gone.refused).toBe(true);
  });

  it('is no proof that nobody listens, whatever it tells of others', async () => {
    const { url } = await start((_, response) => json(response, 503, { db: 'connect ECONNREFUSED' }));
    expect((await check({ url })).refused).toBeUndefined();
  });

  it('sends method and JSON body', async () => {
    const server = await start((_, response) => response.end());
    await check({ url: `${server.url}/chat?q=1`, method: 'POST', body: { query: 'wörd?' } });
    expect(server.seen[0]).toMatchObject({ method: 'POST', path: '/chat?q=1', body: '{"query":"wörd?"}' });
    expect(server.seen[0]?.headers['content-type']).toBe('application/json');
  });
});

describe('an answer out of bounds', () => {
  it('that is slower than its limit fails, also when it drips', async () => {
    const { url } = await start((request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 50);
      response.on('close', () => clearInterval(drip));
      if (request.path === '/silent') clearInterval(drip);
    });
    const begun = performance.now();
    expect(await check({ url, expect: { within: '1s' } })).toMatchObject({
      passed: false,
      answer: 'no answer within 1 s',
    });
    expect(
      await check({ url: `${url}/silent`, expect: { within: '1m' } }, { atMostSeconds: 0.5 }),
    ).toMatchObject({ passed: false, answer: 'no answer within 0.5 s' });
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it('that is endless is read to 1 MiB only', async () => {
    const { url } = await start((_, response) => {
      const chunk = Buffer.alloc(65_536, 'x');
      const fill = (): void => {
        while (response.write(chunk));
      };
      response.on('drain', fill);
      fill();
    });
    expect(await check({ url })).toMatchObject({ passed: true });
    expect(await check({ url, expect: { text: 'needle' } })).toMatchObject({
      passed: false,
      answer: expect.stringMatching(/^the answer is longer than 1 MiB; answered 200 x+…$/) as string,
    });
  });

  it('is not waited for after a cancel', async () => {
    const { url } = await start(() => undefined);
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(), 100);
    await expect(check({ url }, { signal: cancel.signal })).rejects.toMatchObject({ code: 'cancelled' });
    await expect(check({ url }, { signal: cancel.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('redirects', () => {
  it('are followed on the same origin, with the credentials', async () => {
    const server = await start((request, response) =>
      request.path === '/' ? response.writeHead(307, { location: '/health' }).end() : json(response, 200, {}),
    );
    expect(await check({ url: server.url, login: { bearer: { token: { env: 'API_KEY' } } } })).toMatchObject({
      passed: true,
    });
    expect(server.seen.map((one) => [one.path, one.headers.authorization])).toEqual([
      ['/', 'Bearer k-12345678'],
      ['/health', 'Bearer k-12345678'],
    ]);
  });

  it('to another origin are not: the credentials stay here', async () => {
    const other = await start((_, response) => response.end());
    const server = await start((_, response) =>
      response.writeHead(302, { location: `${other.url}/?token=x` }).end(),
    );
    const result = await check({
      url: server.url,
      login: { header: { name: 'X-API-Key', value: { env: 'API_KEY' } } },
    });
    expect(result).toMatchObject({
      passed: false,
      answer: `status: expected 200 to 299, found 302 to ${other.url}; answered 302`,
    });
    expect(other.seen).toEqual([]);
  });

  it('are the answer when one is expected, and end when they go in a circle', async () => {
    const { url } = await start((_, response) => response.writeHead(301, { location: '/' }).end());
    expect(await check({ url, expect: { status: 301 } })).toMatchObject({ passed: true, answer: '301' });
    expect(await check({ url })).toMatchObject({ passed: false });
  });
});

describe('TLS', () => {
  it('trusts the CA given and no other', async () => {
    const { url } = await start((_, response) => json(response, 200, {}), makeCertificate(folder));
    expect(await check({ url, ca: 'ca.pem' })).toMatchObject({ passed: true });
    const untrusted = await check({ url });
    expect(untrusted.passed).toBe(false);
    expect(untrusted.answer).toMatch(/certificate/);
    const named = await check({ url: url.replace('127.0.0.1', 'localhost'), ca: 'ca.pem' });
    expect(named.answer).toMatch(/Hostname\/IP does not match certificate's altnames/);
    await expect(check({ url, ca: 'nowhere.pem' })).rejects.toThrow(
      'the stack file is not valid [ca=nowhere.pem error=ENOENT]',
    );
  });
});
