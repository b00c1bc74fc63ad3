import { afterEach, describe, expect, it, vi } from 'vitest';
import type { z } from 'zod';
import { createProbes, type ProbesOptions } from '../../../src/adapters/probes/probes.js';
import { createSecrets } from '../../../src/adapters/secrets/read-secret.js';
import { SteadyError } from '../../../src/contracts/failures.js';
import { checkSchema } from '../../../src/contracts/stack/checks.js';
import { json, serve, type TestServer } from './http-server.js';

const probes = (given: Partial<ProbesOptions> = {}) =>
  createProbes({
    secrets: createSecrets({ env: {}, baseFolder: '/' }),
    baseFolder: import.meta.dirname,
    runtime: { logs: () => Promise.resolve('') },
    service: (name) => ({ name, drainSeconds: 1 }),
    sql: () => Promise.resolve(''),
    redis: () => Promise.resolve(''),
    ...given,
  });
const parse = (config: z.input<typeof checkSchema>) => checkSchema.parse(config);

let server: TestServer | undefined;
afterEach(() => server?.close());

describe('a command check', () => {
  const node = (script: string) => [process.execPath, '-e', script];

  it.each([
    [{ argv: node('console.log(6 * 7)') }, true, '42'],
    [{ argv: node('') }, true, 'exit 0'],
    [{ argv: node('console.error("pong")'), expect: 'pong' }, true, 'pong'],
    [{ argv: node('console.log("ping")'), expect: 'pong' }, false, '"pong" is not in its output: ping'],
    [{ argv: node('console.log(process.cwd())'), expect: import.meta.dirname }, true, import.meta.dirname],
  ])('looks at exit code and output: %j', async (command, passed, answer) => {
    expect(await probes().run(parse({ command }))).toMatchObject({ passed, answer });
  });

  it('fails with the last words of a program that fails, hangs, or is not there', async () => {
    expect(
      await probes().run(parse({ command: { argv: node('console.error("no route"); process.exit(2)') } })),
    ).toMatchObject({
      passed: false,
      answer: expect.stringMatching(/^a tool failed \[.*exit=2 says="no route"\]$/) as string,
    });
    expect(await probes().run(parse({ command: { argv: ['sleep', '60'], within: '1s' } }))).toMatchObject({
      passed: false,
      answer: expect.stringContaining('limit=1s') as string,
    });
    await expect(probes().run(parse({ command: { argv: ['no-such-program'] } }))).rejects.toMatchObject({
      code: 'tool.missing',
    });
  });
});

describe('a log check', () => {
  const log = { service: 'api', lines: 20, without: 'ERROR' };

  it('asks for the lines of the service and finds what must not be there', async () => {
    const logs = vi.fn(() => Promise.resolve('ok\nERROR one\n\nERROR two\n'));
    expect(await probes({ runtime: { logs } }).run(parse({ log }))).toMatchObject({
      passed: false,
      answer: '2 of the last 3 lines hold "ERROR": ERROR two',
    });
    expect(logs).toHaveBeenCalledWith({ name: 'api', drainSeconds: 1 }, { lines: 20 });
    const quiet = { logs: () => Promise.resolve('a\nb\n') };
    expect(await probes({ runtime: quiet }).run(parse({ log }))).toMatchObject({
      passed: true,
      answer: '2 lines without "ERROR"',
    });
  });

  it('does not pass for a log that cannot be read', async () => {
    const broken = { logs: () => Promise.reject(new SteadyError('service.failed', { service: 'api' })) };
    expect(await probes({ runtime: broken }).run(parse({ log }))).toMatchObject({
      passed: false,
      answer: expect.stringContaining('service=api') as string,
    });
  });
});

describe('a question to a store', () => {
  const sql = { store: 'db', query: 'select count(*) from documents', expect: '42' };

  it('compares the one value', async () => {
    const ask = vi.fn(() => Promise.resolve('42\n'));
    expect(await probes({ sql: ask }).run(parse({ sql }))).toMatchObject({ passed: true, answer: '42' });
    expect(ask).toHaveBeenCalledWith('db', sql.query, undefined);
    expect(await probes({ sql: () => Promise.resolve('41') }).run(parse({ sql }))).toMatchObject({
      passed: false,
      answer: 'expected "42", found "41"',
    });
    const redis = vi.fn(() => Promise.resolve('PONG'));
    expect(
      await probes({ redis }).run(parse({ redis: { store: 'cache', command: ['PING'], expect: 'PONG' } })),
    ).toMatchObject({ passed: true });
    expect(redis).toHaveBeenCalledWith('cache', ['PING'], undefined);
  });

  it('fails when the store does not answer, and throws what is no answer', async () => {
    const down = () => Promise.reject(new SteadyError('store.unreachable', { store: 'db' }));
    expect(await probes({ sql: down }).run(parse({ sql }))).toMatchObject({
      passed: false,
      answer: 'cannot reach the store [store=db]',
    });
    const secretless = () => Promise.reject(new SteadyError('secret.missing', { env: 'X' }));
    await expect(probes({ sql: secretless }).run(parse({ sql }))).rejects.toMatchObject({
      code: 'secret.missing',
    });
  });
});

describe('waiting until a check passes', () => {
  it('asks every second until it does', async () => {
    let asked = 0;
    server = await serve((_, response) => json(response, ++asked < 3 ? 503 : 200, { asked }));
    const begun = performance.now();
    const result = await probes().until(parse({ http: { url: server.url } }), { withinSeconds: 30 });
    expect(result).toMatchObject({ passed: true, answer: '200 {"asked":3}' });
    expect(performance.now() - begun).toBeGreaterThan(1900);
    expect(asked).toBe(3);
  });

  it('gives the last answer when the time is up, also when the server never answers', async () => {
    server = await serve(
      (request, response) => void (request.path === '/' && json(response, 503, { db: 'down' })),
    );
    const begun = performance.now();
    expect(await probes().until(parse({ http: { url: server.url } }), { withinSeconds: 1.5 })).toMatchObject({
      passed: false,
      answer: 'status: expected 200 to 299, found 503; answered 503 {"db":"down"}',
    });
    expect(
      await probes().until(parse({ http: { url: `${server.url}/silent` } }), { withinSeconds: 1 }),
    ).toMatchObject({ passed: false });
    expect(performance.now() - begun).toBeLessThan(6000);
  });

  it('ends at a cancel', async () => {
    server = await serve((_, response) => json(response, 503, {}));
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(), 300);
    await expect(
      probes().until(parse({ http: { url: server.url } }), { withinSeconds: 60, signal: cancel.signal }),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('throws for what waiting cannot mend', async () => {
    await expect(probes().until({ gopher: {} } as never, { withinSeconds: 60 })).rejects.toThrow(
      'the stack file is not valid [field=check found=gopher]',
    );
  });
});
