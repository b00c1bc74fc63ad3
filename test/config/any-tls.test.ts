import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { formatProblem, StackFileError, type Problem } from '../../src/config/problems.js';
import { parse } from './stack-text.js';

const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const path = fc.constantFrom('/etc/tls/a.pem', 'tls/a.pem', './a.pem');
const tls = fc.option(
  fc.record({
    ca: maybe(path),
    cert: maybe(path),
    key: maybe(path),
    serverName: maybe(fc.constantFrom('db', 'db.example.org')),
    verify: maybe(fc.constantFrom('full', 'ca')),
  }),
  { nil: undefined, freq: 2 },
);
const place = fc.oneof(
  fc.record({ service: fc.constantFrom('pg', 'web') }),
  fc.record({
    host: maybe(
      fc.constantFrom(
        '/var/run/postgresql',
        'localhost',
        '127.0.0.1',
        '10.0.0.9',
        '::1',
        'fd00::9',
        'db.example.org',
        'pg',
      ),
    ),
  }),
);
const postgres = fc
  .tuple(place, fc.record({ tls, sslmode: maybe(fc.constantFrom('disable', 'prefer', 'require')) }))
  .map(([where, how]) => ({ postgres: { ...where, ...how, database: 'shop', user: 'shop' } }));
const redis = fc.tuple(place, fc.record({ tls })).map(([where, how]) => ({ redis: { ...where, ...how } }));
const file = fc.record({
  runtime: fc.constantFrom({ compose: {} }, { host: {} }),
  stores: fc.oneof(
    // One alone is more often without an error, and so with warnings.
    fc.record({ db: postgres, cache: fc.constant(undefined) }),
    fc.record({ db: fc.constant(undefined), cache: redis }),
    fc.record({ db: postgres, cache: redis }),
  ),
  services: fc.constantFrom({}, { pg: {} }),
});

/** What chance comes upon too seldom. */
const RARE = {
  runtime: { host: {} },
  stores: {
    db: {
      postgres: { host: '10.0.0.9', tls: undefined, sslmode: 'require', database: 'shop', user: 'shop' },
    },
    cache: undefined,
  },
  services: {},
} as const;

/** Errors and warnings; the file itself is one of ours, so that nothing else than its places and TLS can be wrong. */
function problemsOf(text: string): { errors: readonly Problem[]; warnings: readonly Problem[] } {
  try {
    return { errors: [], warnings: parse(text).warnings };
  } catch (error) {
    if (!(error instanceof StackFileError)) throw error;
    return { errors: error.problems, warnings: [] };
  }
}

/** What is said of TLS, each at least once. */
const SAID = [
  'cert and key belong together',
  'with a service, the absolute path in its container',
  'either tls or sslmode, not both',
  'a socket has no TLS',
  'tools run inside the container of the service',
  'for a host that is given as an IP address',
  'reached over a network without TLS',
  'its certificate is not looked at',
];

it('any TLS to any place is taken, or told with its line and field', { timeout: 60_000 }, () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(file, (given) => {
      const { errors, warnings } = problemsOf(
        stringify({
          version: 1,
          stack: 'shop',
          storage: { main: { directory: { path: '/backups' } } },
          ...given,
        }),
      );
      const lines = errors.map(formatProblem);
      for (const line of [...lines, ...warnings.map(formatProblem)]) {
        expect(line).toMatch(/^steady\.yaml:\d+:\d+(: | .+: )\S/);
        expect(line).not.toMatch(/undefined|\[object/);
        for (const words of SAID) if (line.includes(words)) seen.add(words);
      }
      for (const [name, options] of [
        ['stores.db.postgres', given.stores.db?.postgres],
        ['stores.cache.redis', given.stores.cache?.redis],
      ] as const) {
        if (options === undefined) continue;
        const half = options.tls && (options.tls.cert === undefined) !== (options.tls.key === undefined);
        const told = lines.some((line) => line.includes(`${name}.tls.`) && line.includes('belong together'));
        expect(told).toBe(half ?? false);
        // Without a word, nothing goes over a network as it is.
        const { host = '127.0.0.1' } = { host: undefined, ...options };
        const isFar = !('service' in options) && ['10.0.0.9', 'fd00::9', 'db.example.org'].includes(host);
        if (errors.length === 0 && isFar && !options.tls)
          expect(warnings.map(formatProblem).join('\n')).toContain(`${name}.host: reached over a network`);
      }
    }),
    { numRuns: 600, examples: [[RARE]] },
  );
  expect([...seen].sort()).toEqual([...SAID].sort());
});
