import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../src/activities/service-health.js';
import { rowOf } from '../../src/cli/commands/health.js';
import type { InstanceHealth, ServiceHealth } from '../../src/contracts/runs/health.js';
import { optionalServices } from '../../src/contracts/stack/dependencies.js';

const instance = (more: Partial<InstanceHealth> = {}): InstanceHealth => ({
  name: 'rag-api-1',
  status: 'running',
  ...more,
});

describe('why a service is not well', () => {
  const passed = { passed: true, answer: 'ok', seconds: 0.01 };

  it.each<[Partial<ServiceHealth>, string[]]>([
    [{ instances: [instance()], check: passed }, []],
    [{ instances: [instance({ health: 'healthy' })] }, []],
    [{ instances: [], status: 'missing' }, ['it is not there']],
    [{ instances: [], status: 'stopped' }, ['it is stopped']],
    // Nobody can look: that is no problem of its own.
    [{ instances: [], status: 'unknown' }, []],
    [
      { status: 'unknown', instances: [instance(), instance({ name: 'rag-api-2', status: 'stopped' })] },
      ['rag-api-2 is stopped'],
    ],
    [{ instances: [instance({ health: 'unhealthy' })] }, ['rag-api-1 is unhealthy']],
    [{ instances: [instance({ health: 'starting' })] }, ['rag-api-1 is starting']],
    [
      { instances: [instance()], check: { passed: false, answer: 'status 503', seconds: 0.1 } },
      ['its health check: status 503'],
    ],
  ])('%j', (given, why) => {
    expect(problemsOf({ status: 'running', instances: [], ...given })).toEqual(why);
  });
});

describe('what can be done without', () => {
  it('is what all who need it call optional', () => {
    const service = (...needs: unknown[]) => ({ needs });
    const services = {
      api: service({ name: 'llm', optional: true }, { name: 'mail', optional: true }, 'queue'),
      worker: service('mail'),
      llm: service(),
      mail: service(),
      queue: service(),
    };
    expect(optionalServices({ stores: {}, services } as never)).toEqual(['llm']);
  });
});

describe('a row of steady health', () => {
  const now = Date.parse('2026-11-24T03:00:00Z');
  const healthy: ServiceHealth = {
    service: 'api',
    required: true,
    status: 'running',
    instances: [
      instance({ startedAt: '2026-11-24T01:00:00Z', revision: 7 }),
      instance({ name: 'rag-api-2', startedAt: '2026-11-24T02:00:00Z', revision: 7 }),
    ],
    check: { passed: true, answer: 'ok', seconds: 0.012 },
    restarts: 2,
    ports: [],
    errors: [],
    problems: [],
  };

  it('tells state, instances, health, revision, age and restarts', () => {
    expect(rowOf(healthy, now)).toEqual([
      ...['✓', 'api', 'running', '2/2', 'healthy (0.01 s)', 'revision 7', 'started 2 h ago', '2 restarts'],
    ]);
  });

  it('marks what is needed and not well, otherwise than what is optional', () => {
    const ill = { ...healthy, status: 'stopped', problems: ['it is stopped'] };
    expect(rowOf(ill, now).slice(0, 3)).toEqual(['✗', 'api', 'stopped']);
    expect(rowOf({ ...ill, required: false }, now).slice(0, 3)).toEqual(['!', 'api', 'stopped, optional']);
  });
});
