import { describe, expect, it } from 'vitest';
import {
  consumersOf,
  dependencyOrder,
  findCycle,
  startOrder,
  type Needy,
} from '../../../src/contracts/stack/dependencies.js';
import { serviceSchema } from '../../../src/contracts/stack/services.js';
import { storeSchema } from '../../../src/contracts/stack/stores.js';

type Need = string | { name: string; optional: boolean };

function stack(
  stores: Record<string, unknown>,
  services: Record<string, Need[] | { container: string }>,
): Needy {
  const parsed = Object.entries(services).map(([name, value]) => {
    return [name, serviceSchema.parse(Array.isArray(value) ? { needs: value } : value)] as const;
  });
  return {
    stores: Object.fromEntries(
      Object.entries(stores).map(([name, store]) => [name, storeSchema.parse(store)]),
    ),
    services: Object.fromEntries(parsed),
  };
}

const optional = (name: string) => ({ name, optional: true });
const postgres = (service?: string) => ({
  postgres: { service, database: 'x', user: 'x' },
});

/** Appendix A of obsidian's runbook: Nginx → Grafana, Prometheus, Data Pipeline → ChromaDB, Redis, OTel Collector. */
const obsidian = stack(
  {
    'chroma-data': { files: { volume: 'obsidian-chroma-prod_chroma_data' } },
    redis: { redis: { service: 'redis' } },
  },
  {
    nginx: ['grafana', 'prometheus', 'data-pipeline'],
    grafana: ['prometheus'],
    'data-pipeline': ['chroma', 'redis', 'otel-collector'],
    chroma: ['chroma-data'],
    'otel-collector': [],
    // "Prometheus → All Services" is about scraping: it goes on without any of them.
    prometheus: [
      optional('nginx'),
      optional('data-pipeline'),
      optional('chroma'),
      optional('otel-collector'),
    ],
  },
);

/** Service dependencies of core-agent's runbook: LLM Service and Log Analyzer are optional. */
const coreAgent = stack(
  { postgres: postgres('postgres'), redis: { redis: { service: 'redis' } } },
  {
    'core-agent': ['postgres', 'redis', optional('llm'), optional('log-analyzer')],
    llm: [],
    'log-analyzer': ['postgres', optional('core-agent')],
  },
);

describe('the order of obsidian', () => {
  it('starts what is needed first', () => {
    expect(dependencyOrder(obsidian)).toEqual([
      'prometheus',
      'grafana',
      'chroma',
      'otel-collector',
      'data-pipeline',
      'nginx',
    ]);
  });

  it('stops dependents first, and only those of the store', () => {
    expect(consumersOf(obsidian, ['redis'])).toEqual(['nginx', 'data-pipeline']);
    expect(consumersOf(obsidian, ['chroma-data'])).toEqual(['nginx', 'data-pipeline', 'chroma']);
    expect(startOrder(consumersOf(obsidian, ['redis', 'chroma-data']))).toEqual([
      'chroma',
      'data-pipeline',
      'nginx',
    ]);
  });

  it('leaves prometheus alone, which needs all of them only optionally', () => {
    expect(consumersOf(obsidian, ['redis', 'chroma-data'])).not.toContain('prometheus');
  });
});

describe('the order of core-agent', () => {
  it('stops an optional consumer only if it needs the store itself', () => {
    expect(consumersOf(coreAgent, ['postgres'])).toEqual(['log-analyzer', 'core-agent']);
    expect(consumersOf(coreAgent, ['redis'])).toEqual(['core-agent']);
  });

  it('knows no cycle in optional edges', () => {
    expect(findCycle(coreAgent)).toBeUndefined();
  });
});

describe('consumersOf', () => {
  it('takes the service that holds a store as the store itself, not as a consumer', () => {
    const held = stack(
      { db: postgres('postgres') },
      { pg: { container: 'postgres' }, api: ['pg'], worker: ['db'], web: ['api'], other: [] },
    );
    expect(consumersOf(held, ['db'])).toEqual(['web', 'worker', 'api']);
    expect(consumersOf(held, ['db'])).not.toContain('pg');
    expect(dependencyOrder(held)[0]).toBe('pg');
  });

  it('is empty for a store nobody needs, and for no store', () => {
    expect(consumersOf(coreAgent, [])).toEqual([]);
    expect(consumersOf(stack({ db: postgres() }, { api: [] }), ['db'])).toEqual([]);
  });

  it('is an error for a cycle, which it names', () => {
    const round = stack({ db: postgres() }, { a: ['b'], b: ['c', 'db'], c: ['a'] });
    expect(findCycle(round)).toEqual(['a', 'b', 'c', 'a']);
    expect(() => consumersOf(round, ['db'])).toThrow(
      '[reason="needs form a cycle" cycle="a -> b -> c -> a"]',
    );
  });

  it('takes no name that every object has for a store', () => {
    expect(findCycle(stack({}, { web: ['constructor'] }))).toBeUndefined();
  });
});
