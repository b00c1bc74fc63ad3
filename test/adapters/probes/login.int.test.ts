import { afterEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { checkHttp } from '../../../src/adapters/probes/http-check.js';
import { createSecrets } from '../../../src/adapters/secrets/read-secret.js';
import { httpCheckSchema } from '../../../src/contracts/stack/checks.js';
import { json, serve, type Answerer, type TestServer } from './http-server.js';

const servers: TestServer[] = [];
const start = async (answer: Answerer): Promise<TestServer> => {
  const server = await serve(answer);
  servers.push(server);
  return server;
};
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const secrets = () =>
  createSecrets({
    env: { API_KEY: 'k-12345678', PASSWORD: 'pa ss&wörd', LINE: 'two\nlines' },
    baseFolder: '/',
  });
const check = (
  config: z.input<typeof httpCheckSchema>,
  more: { atMostSeconds?: number; signal?: AbortSignal } = {},
) =>
  checkHttp(httpCheckSchema.parse(config), {
    secrets: secrets(),
    baseFolder: '/',
    atMostSeconds: 60,
    ...more,
  });

describe('logging in', () => {
  it.each([
    [{ header: { name: 'X-API-Key', value: { env: 'API_KEY' } } }, 'x-api-key', 'k-12345678'],
    [
      { basic: { user: 'admin', password: { env: 'API_KEY' } } },
      'authorization',
      `Basic ${btoa('admin:k-12345678')}`,
    ],
    [{ bearer: { token: { env: 'API_KEY' } } }, 'authorization', 'Bearer k-12345678'],
  ])('by %j; what the server echoes is not shown', async (login, header, value) => {
    const server = await start((request, response) => json(response, 200, { you: request.headers[header] }));
    const result = await check({ url: server.url, login });
    expect(server.seen[0]?.headers[header]).toBe(value);
    expect(result.passed).toBe(true);
    expect(result.answer).toMatch(/^200 \{"you":"(Basic |Bearer )?\[secret\]"\}$/);
  });

  it('refuses a value that is no header, without showing it', async () => {
    const { url } = await start((_, response) => response.end());
    const result = await check({ url, login: { header: { name: 'X-API-Key', value: { env: 'LINE' } } } });
    expect(result.passed).toBe(false);
    expect(result.answer).toBe('Invalid character in header content ["X-API-Key"]');
  });

  it('says which secret is missing', async () => {
    const { url } = await start((_, response) => response.end());
    await expect(check({ url, login: { bearer: { token: { env: 'NOWHERE' } } } })).rejects.toThrow(
      'a secret cannot be read [env=NOWHERE',
    );
  });
});

describe('logging in by a form', () => {
  /** Gives a token for the right form; tokens before the `validFrom`th have expired. */
  const application = (validFrom: number): Answerer => {
    let given = 0;
    return (request, response) => {
      if (request.path === '/auth/token') {
        const form = new URLSearchParams(request.body);
        if (form.get('username') !== 'admin' || form.get('password') !== 'pa ss&wörd')
          return json(response, 403, { detail: request.body });
        return json(response, 200, {
          access_token: `token-${++given}-abcdef`,
          data: { token: 'nested-abcdef' },
        });
      }
      const number = Number(
        /^Bearer token-(\d+)-abcdef$/.exec(request.headers.authorization ?? '')?.[1] ?? 0,
      );
      return number >= validFrom
        ? json(response, 200, { echo: request.headers.authorization })
        : json(response, 401, { echo: request.headers.authorization });
    };
  };
  const login = (url: string, more: object = {}) => ({
    form: { url: `${url}/auth/token`, fields: { username: 'admin', password: { env: 'PASSWORD' } }, ...more },
  });
  const paths = (server: TestServer) => server.seen.map((one) => one.path);

  it('gets a token right before each use and shows it nowhere', async () => {
    const server = await start(application(1));
    expect(await check({ url: `${server.url}/admin/stats`, login: login(server.url) })).toMatchObject({
      passed: true,
      answer: '200 {"echo":"Bearer [secret]"}',
    });
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      body: 'username=admin&password=pa+ss%26w%C3%B6rd',
    });
    expect(server.seen[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    await check({ url: `${server.url}/admin/stats`, login: login(server.url) });
    expect(paths(server)).toEqual(['/auth/token', '/admin/stats', '/auth/token', '/admin/stats']);
  });

  it('logs in once more when the answer is 401', async () => {
    const server = await start(application(2));
    expect(await check({ url: `${server.url}/x`, login: login(server.url) })).toMatchObject({ passed: true });
    expect(paths(server)).toEqual(['/auth/token', '/x', '/auth/token', '/x']);
  });

  it('and no more than once', async () => {
    const server = await start(application(99));
    expect(await check({ url: `${server.url}/x`, login: login(server.url) })).toMatchObject({
      passed: false,
      answer: 'status: expected 200 to 299, found 401; answered 401 {"echo":"Bearer [secret]"}',
    });
    expect(paths(server)).toHaveLength(4);
  });

  it('does not ask again when 401 is what is expected', async () => {
    const server = await start(application(99));
    expect(
      await check({ url: `${server.url}/x`, login: login(server.url), expect: { status: 401 } }),
    ).toMatchObject({ passed: true });
    expect(paths(server)).toHaveLength(2);
  });

  it('says why it could not, without a word of the form or the answer', async () => {
    const server = await start(application(1));
    const wrong = {
      form: { ...login(server.url).form, fields: { username: 'eve', password: { env: 'PASSWORD' } } },
    };
    expect(await check({ url: server.url, login: wrong })).toMatchObject({
      passed: false,
      answer: 'login: answered 403',
    });
    expect(await check({ url: server.url, login: login(server.url, { field: 'jwt' }) })).toMatchObject({
      passed: false,
      answer: 'login: no jwt in the answer',
    });
    const nowhere = { form: { ...login(server.url).form, url: 'http://127.0.0.1:1/auth/token' } };
    expect(await check({ url: server.url, login: nowhere })).toMatchObject({
      passed: false,
      answer: 'login: connect ECONNREFUSED 127.0.0.1:1',
    });
  });

  it('finds the token by a dotted path too', async () => {
    const server = await start(application(1));
    await check({ url: `${server.url}/x`, login: login(server.url, { field: 'data.token' }) });
    expect(server.seen[1]?.headers.authorization).toBe('Bearer nested-abcdef');
  });
});
