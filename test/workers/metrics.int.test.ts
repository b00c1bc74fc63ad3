import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startWatch } from '../../src/client/watch.js';
import type { BackupInput } from '../../src/contracts/runs/procedures.js';
import { VERSION } from '../../src/contracts/version.js';
import { createMetrics } from '../../src/workers/metrics/read-metrics.js';
import { serveMetrics } from '../../src/workers/metrics/serve-metrics.js';
import { freePort } from '../services/free-port.js';
import { startRig, type Rig } from '../workflows/harness.js';
import { PATIENTLY } from '../workflows/patience.js';
import { failureOfRun, type World } from '../workflows/world.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

/** The metrics as Prometheus would find them, by name and labels. */
async function scrape(
  world: World,
  storage = () => Promise.resolve(world.storage),
): Promise<Map<string, number>> {
  const read = createMetrics({ client: rig.steady.client, site: rig.site, storage });
  const served = await serveMetrics({ host: '127.0.0.1', port: await freePort() }, read, () => undefined);
  const response = await fetch(served.url ?? '');
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4']);
  const text = await response.text();
  served.close();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

describe('the metrics of a worker', () => {
  it('tell the newest verified backup of each store, the RPO, how runs ended, and what the watch finds', async () => {
    const plans = { nightly: { schedule: '30 3 * * *', stores: ['db', 'cache'], rpo: '26h' } };
    const world = rig.world({ stores: { db: {}, cache: {} }, file: { plans } });
    const { stack } = world;
    const before = Math.floor(Date.now() / 1000);
    await world.backup({ stores: ['db'] });
    world.script.fail('readable db', 'stream.corrupt');
    await failureOfRun(await world.start<BackupInput>('backup', { stores: ['db'] }));
    await startWatch(rig.steady, world.snapshot);
    const found = await vi.waitFor(async () => {
      const metrics = await scrape(world);
      // None of its schedules was ever made.
      expect(metrics.get(`steady_watch_findings{stack="${stack}",event="skipped"}`)).toBe(3);
      return metrics;
    }, PATIENTLY);
    for (const event of ['failed', 'rpo', 'stuck', 'suspect'])
      expect(found.get(`steady_watch_findings{stack="${stack}",event="${event}"}`), event).toBe(0);

    const of = (name: string, labels: string): number | undefined =>
      found.get(`${name}{stack="${stack}",${labels}}`);
    expect(found.get(`steady_build_info{version="${VERSION}",site="${rig.site}"}`)).toBe(1);
    const newest = of('steady_backup_newest_verified_timestamp_seconds', 'store="db"') ?? 0;
    expect(newest).toBeGreaterThanOrEqual(before);
    expect(newest).toBeLessThanOrEqual(Date.now() / 1000);
    expect(of('steady_backup_newest_verified_timestamp_seconds', 'store="cache"')).toBe(0);
    expect(of('steady_backup_rpo_seconds', 'store="cache"')).toBe(26 * 3600);
    expect(of('steady_runs_last_day', 'procedure="backup",outcome="done"')).toBe(1);
    expect(of('steady_runs_last_day', 'procedure="backup",outcome="failed"')).toBe(1);
    expect(of('steady_run_last_timestamp_seconds', 'procedure="backup",outcome="failed"')).toBeGreaterThan(
      newest,
    );
    expect(found.get(`steady_watch_last_look_timestamp_seconds{stack="${stack}"}`)).toBeGreaterThanOrEqual(
      before,
    );
    expect(of('steady_metrics_read_ok', 'of="storage"')).toBe(1);

    const unread = await scrape(world, () => Promise.reject(new Error('storage is away')));
    const labels = `{stack="${stack}",of="storage"}`;
    expect([
      unread.get(`steady_metrics_read_ok${labels}`),
      unread.get(`steady_metrics_read_failures_total${labels}`),
    ]).toEqual([0, 1]);
    expect(
      [...unread.keys()].filter((one) => one.startsWith('steady_backup_newest') && one.includes(stack)),
    ).toEqual([]);
    expect(unread.get(`steady_runs_last_day{stack="${stack}",procedure="backup",outcome="done"}`)).toBe(1);
  });

  it('go without a port that is taken, and say so', async () => {
    const at = { host: '127.0.0.1', port: await freePort() };
    const first = await serveMetrics(
      at,
      () => Promise.resolve('steady_build_info 1\n'),
      () => undefined,
    );
    const words: string[] = [];
    const second = await serveMetrics(
      at,
      () => Promise.resolve(''),
      (line) => words.push(line),
    );
    expect(second.url).toBeUndefined();
    expect(words).toEqual([
      `no metrics from this worker: 127.0.0.1:${at.port} cannot be had (EADDRINUSE); name another with --metrics, or none: --metrics off`,
    ]);
    expect(await (await fetch(first.url ?? '')).text()).toBe('steady_build_info 1\n');
    expect((await fetch(`http://127.0.0.1:${at.port}/other`)).status).toBe(404);
    first.close();
  });
});
