import { describe, expect, it } from 'vitest';
import type { AskedService } from '../../../src/activities/services.js';
import { stackSchema } from '../../../src/contracts/stack/stack.js';
import { planServices, type Seen } from '../../../src/workflows/services/plan.js';

/** 001 personal-rag: Caddy before the API, which cannot do without PostgreSQL and Redis. */
const rag = stackSchema.parse({
  version: 1,
  stack: 'rag',
  storage: { main: { directory: { path: 'backups' } } },
  runtime: { compose: {} },
  stores: { db: { postgres: { service: 'postgres', database: 'rag', user: 'rag' } } },
  services: {
    caddy: { needs: ['api'] },
    api: { needs: ['db', { name: 'redis', optional: true }] },
    postgres: {},
    redis: {},
  },
});

const seen = (stopped: readonly string[] = [], notBack: readonly string[] = []): Seen => ({
  states: Object.keys(rag.services).map((service): AskedService => ({
    service,
    status: stopped.includes(service) ? 'stopped' : 'running',
  })),
  notBack: Object.fromEntries(
    notBack.map((store) => [store, { at: '2026-11-22T02:00:00Z', by: 'restore.rag.x', why: 'disk full' }]),
  ),
});
const all = Object.keys(rag.services);
const plan = (
  verb: 'restart' | 'stop' | 'start',
  services: readonly string[],
  options: { readonly dependents?: boolean; readonly seen?: Seen } = {},
) => planServices(rag, { verb, services, dependents: options.dependents ?? false }, options.seen ?? seen());

describe('what a restart, stop or start of services is', () => {
  it('restarts and starts what is needed first, and stops it last', () => {
    expect(plan('restart', all).order).toEqual(['postgres', 'api', 'caddy', 'redis']);
    expect(plan('start', all).order).toEqual(['postgres', 'api', 'caddy', 'redis']);
    expect(plan('stop', all).order).toEqual(['redis', 'caddy', 'api', 'postgres']);
  });

  it('leaves those that need it alone, and says that they run on', () => {
    const { order, lines } = plan('restart', ['postgres']);
    expect(order).toEqual(['postgres']);
    expect(lines).toEqual(['restart postgres, which is running', 'api, caddy need it, and run on']);
    expect(plan('stop', ['api'], { seen: seen(['caddy']) }).lines).toEqual(['stop api, which is running']);
  });

  it('takes them too when asked to, in their order', () => {
    expect(plan('restart', ['postgres'], { dependents: true }).order).toEqual(['postgres', 'api', 'caddy']);
    expect(plan('stop', ['postgres'], { dependents: true }).order).toEqual(['caddy', 'api', 'postgres']);
  });

  it('starts what is needed and does not run; what it can do without stays as it is', () => {
    const { order, lines } = plan('start', ['caddy'], { seen: seen(['postgres', 'redis', 'caddy']) });
    expect(order).toEqual(['postgres', 'caddy']);
    expect(lines).toEqual([
      'start postgres, which is stopped, for what was asked needs it',
      'start caddy, which is stopped',
    ]);
  });

  it('knows on a host whether the file says how', () => {
    const host = stackSchema.parse({
      version: 1,
      stack: 'bare',
      storage: { main: { directory: { path: 'backups' } } },
      stores: { db: { postgres: { database: 'rag', user: 'rag' } } },
      services: {
        unit: { unit: 'api.service' },
        given: { start: ['./api'] },
        half: { stop: ['./stop'] },
        none: {},
      },
    });
    const of = (verb: 'restart' | 'stop' | 'start') =>
      planServices(
        host,
        { verb, services: Object.keys(host.services), dependents: false },
        { states: [], notBack: {} },
      ).unable;
    expect(of('start')).toEqual(['half has no start and no unit', 'none has no start and no unit']);
    expect(of('restart')).toEqual(of('start'));
    expect(of('stop')).toEqual(['none has no stop and no unit']);
    expect(plan('restart', all).unable).toEqual([]);
  });

  it('starts nothing that uses data that are not back, but their own server', () => {
    expect(plan('start', all, { seen: seen([], ['db']) }).refused).toEqual([
      'api uses data that are not back',
      'caddy uses data that are not back',
    ]);
    expect(plan('restart', ['postgres'], { seen: seen([], ['db']) }).refused).toEqual([]);
    expect(plan('stop', ['api'], { seen: seen([], ['db']) }).refused).toEqual([]);
  });
});
