import { Client, Connection } from '@temporalio/client';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCodec } from '../../src/client/codec.js';
import type { CodecKeys } from '../../src/client/codec-keys.js';
import { connect, type Steady } from '../../src/client/connect.js';
import { requireWorker, storageState } from '../../src/client/entities.js';
import { newRequest, startRun } from '../../src/client/start.js';
import { startTemporal, type TemporalServer } from '../services/temporal.js';
import { createSite, type Site } from '../workers/site.js';
import { trusting } from '../workers/trusting.js';
import '../workflows/quiet.js';

const key = (id: string) => ({ id, secret: new Uint8Array(randomBytes(32)) });
const [k1, k2] = [key('k1'), key('k2')];
const codec = (...keys: CodecKeys['keys']) => createCodec({ keys, plain: keys.length === 0 });
const inEnv = (...keys: CodecKeys['keys']): string =>
  keys.map(({ id, secret }) => `${id}:${Buffer.from(secret).toString('base64')}`).join(',');

let temporal: TemporalServer;
const sites: Site[] = [];
beforeAll(async () => {
  temporal = await startTemporal();
}, 60_000);
afterEach(() => void vi.unstubAllEnvs());
afterAll(async () => {
  for (const site of sites) await site.close();
  await temporal.close();
});

async function siteWith(...keys: CodecKeys['keys']): Promise<Site> {
  for (const site of sites.splice(0)) await site.close();
  const site = await createSite({ address: temporal.address, codec: codec(...keys), trust: trusting });
  sites.push(site);
  return site;
}

/** As a command line with these keys. */
async function as<T>(keys: CodecKeys['keys'], body: (steady: Steady) => Promise<T>): Promise<T> {
  vi.stubEnv('STEADY_CODEC_KEYS', inEnv(...keys));
  const steady = await connect({ address: temporal.address, config: '/nowhere', workerSeconds: 60 });
  try {
    return await body(steady);
  } finally {
    await steady.close();
  }
}

const check = (site: Site) =>
  ({
    procedure: 'check',
    input: { version: 1, snapshot: site.snapshot, by: { name: 'tester' }, stores: ['docs'] },
  }) as const;

describe('with keys on both sides', () => {
  it('runs go as ever, and Temporal holds nothing that can be read', async () => {
    const site = await siteWith(k1);
    await site.run('backup', { stores: ['docs'] });
    await as([k1], async (steady) => {
      expect(await storageState(steady, site.snapshot.stack)).toMatchObject({
        opened: { uuid: expect.anything() as string },
      });
    });
    // Rotated: what was written before is read as well.
    await as([k2, k1], async (steady) => {
      expect(await storageState(steady, site.snapshot.stack)).toBeDefined();
    });
    const database = await Promise.all(
      [temporal.file, `${temporal.file}-wal`].map((path) => readFile(path, 'latin1').catch(() => '')),
    );
    expect(database.join('')).toContain('binary/encrypted');
    // What stands in every snapshot, and in the stack file's folder.
    for (const words of ['pieceLimit', site.folder]) expect(database.join('')).not.toContain(words);
  });
});

describe('a key that is missing', () => {
  it('here: who asks is told at once, and nothing stays begun', async () => {
    const site = await siteWith(k1);
    await site.run('backup', { stores: ['docs'] });
    const request = newRequest();
    await as([], async (steady) => {
      await expect(storageState(steady, site.snapshot.stack)).rejects.toMatchObject({
        code: 'codec.key-missing',
      });
      await expect(startRun(steady, { ...check(site), request })).rejects.toMatchObject({
        code: 'codec.plain',
        hint: expect.stringContaining('STEADY_CODEC_KEYS_FILE') as string,
      });
      const run = steady.client.workflow.getHandle(`check.${site.snapshot.stack.stack}.${request}`);
      expect((await run.describe().catch(() => undefined))?.status.name ?? 'TERMINATED').toBe('TERMINATED');
    });
    await as([k2], async (steady) => {
      await expect(startRun(steady, check(site))).rejects.toMatchObject({
        code: 'codec.key-missing',
        message: expect.stringContaining('key=k2 here=k1') as string,
      });
    });
  }, 60_000);

  it('at the worker: the first word to it says so, and its runs go on when it has the key', async () => {
    const site = await siteWith();
    await as([k1], async (steady) => {
      await expect(requireWorker(steady, site.snapshot.stack)).rejects.toMatchObject({
        code: 'codec.key-missing',
        message: expect.stringContaining('key=k1 here=none') as string,
      });
    });
    await site.restart(codec(k1));
    await as([k1], (steady) =>
      // Temporal waits a while before it asks a worker again.
      vi.waitFor(async () => {
        expect(await storageState(steady, site.snapshot.stack)).toMatchObject({ claims: [] });
      }, 30_000),
    );
  }, 60_000);
});

describe('a shared namespace', () => {
  it('leaves schedules of others alone, plain ones and those of another key', async () => {
    const connection = await Connection.connect({ address: temporal.address });
    for (const [scheduleId, of] of [
      ['others-plain', codec()],
      ['others-sealed', codec(key('theirs'))],
    ] as const) {
      const client = new Client({ connection, dataConverter: { payloadCodecs: [of] } });
      await client.schedule.create({
        scheduleId,
        spec: { cronExpressions: ['0 1 * * 0'] },
        memo: { team: 'others' },
        action: { type: 'startWorkflow', workflowType: 'other', taskQueue: 'others' },
      });
    }
    await connection.close();
    await as([k1], async (steady) => {
      await vi.waitFor(async () => {
        const seen: string[] = [];
        for await (const one of steady.client.schedule.list()) seen.push(one.scheduleId);
        expect(seen.sort()).toEqual(['others-plain', 'others-sealed']);
      }, 10_000);
    });
  });
});
