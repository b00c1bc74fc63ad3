import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { init, load } from './init.js';

const text = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '${X}',
    '${X:-a}',
    '${X:-${Y-b}}',
    '$$',
    '${',
    'yes',
    'null',
    '8',
    '# x',
    'a: b',
    '*a',
    '!x',
  ),
);
const image = fc.oneof(
  text,
  fc.constantFrom(
    'postgres',
    'redis:7',
    'mysql',
    'mongo',
    'postgres-backup',
    'nginx',
    'neo4j:5',
    'x/postgres@sha256:0',
  ),
);
const target = fc.constantFrom(
  ...[
    '/data',
    '/var/lib/postgresql/data',
    '/var/lib/mysql',
    '/root/.cache',
    '/backups',
    '/models',
    '/srv/a:b',
  ],
);
const mount = fc.oneof(
  text,
  target,
  fc
    .tuple(
      fc.constantFrom('v', 'w', './data', '../up', '/srv/x', '~/y', 'C:\\z'),
      target,
      fc.constantFrom('', ':ro'),
    )
    .map(([source, to, mode]) => `${source}:${to}${mode}`),
  fc.record({
    type: fc.constantFrom('volume', 'bind', 'tmpfs'),
    source: fc.constantFrom('v', 'u', './b'),
    target,
  }),
);
const key = fc.oneof(
  text,
  fc.constantFrom(
    'POSTGRES_DB',
    'POSTGRES_USER',
    'POSTGRES_PASSWORD',
    'POSTGRES_PASSWORD_FILE',
    'DB_HOST',
    'DB_NAME',
  ),
);
const value = fc.oneof(
  text,
  fc.constantFrom('db', 'postgres://u:p@db:5432/other', 'a'),
  fc.integer(),
  fc.constant(null),
);
const name = fc.oneof(fc.constantFrom('a', 'b', 'c.d', 'db', 'constructor', '__proto__'), text);
const service = fc.record(
  {
    image,
    command: fc.oneof(text, fc.array(text), fc.constantFrom('pg_dump x', 'redis-server --requirepass x')),
    environment: fc.oneof(fc.array(text), fc.dictionary(key, value, { maxKeys: 4 })),
    depends_on: fc.oneof(
      fc.array(name, { maxLength: 2 }),
      fc.dictionary(name, fc.record({ required: fc.boolean() }), { maxKeys: 2 }),
    ),
    volumes: fc.array(mount, { maxLength: 4 }),
    volumes_from: fc.array(fc.constantFrom('a', 'b:ro'), { maxLength: 1 }),
    env_file: text,
    ports: fc.array(fc.oneof(text, fc.integer()), { maxLength: 2 }),
    healthcheck: fc.record({ test: text }),
    profiles: fc.array(text, { maxLength: 1 }),
    labels: fc.dictionary(text, text, { maxKeys: 1 }),
  },
  { requiredKeys: ['image'] },
);
const project = fc.record({
  services: fc.dictionary(name, service, { minKeys: 1, maxKeys: 5 }),
  volumes: fc.dictionary(
    fc.constantFrom('v', 'w', 'u'),
    fc.constantFrom(null, { name: 'own' }, { external: true }),
  ),
});

/** Beside another one it needs a variable of its own, named after its service. */
const POSTGRES = { image: '', volumes: ['/var/lib/postgresql/data'] };

it('any compose file with a store gives a valid steady.yaml, in which each volume is a store or named with a reason', () => {
  fc.assert(
    fc.property(project, text, (given, folder) => {
      const compose = stringify({
        ...given,
        services: {
          ...given.services,
          'a-store': { image: 'postgres', volumes: ['own:/var/lib/postgresql/data'] },
        },
      });
      const where = { folder: `/${folder.replaceAll(/[\\/]/g, '')}x` };
      const { yaml, stack } = init(compose, where);

      const stores = Object.values(stack.stores);
      const archived = stores.flatMap(({ files }) => files?.volume ?? []);
      const servers = stores.flatMap(({ postgres, redis }) => (postgres ?? redis)?.service ?? []);
      const { services, volumes } = load(compose, where);
      const comments = yaml
        .split('\n')
        .filter((line) => line.trim().startsWith('#'))
        .join('\n');
      for (const { name: own, mounts } of services) {
        for (const { type, source, target: to } of mounts) {
          if (type !== 'volume') continue;
          const full = Object.hasOwn(volumes, source) ? volumes[source] : undefined;
          const isStore = archived.some((one) => one === full || one.endsWith(`_${source}`));
          const isServers = services.some(
            (other) =>
              servers.includes(other.name) && other.mounts.some((mounted) => mounted.source === source),
          );
          const shown = source.replaceAll(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
          expect([own, to, isStore || isServers || comments.includes(shown)]).toEqual([own, to, true]);
        }
      }
    }),
    { numRuns: 150, examples: [[{ services: { a: POSTGRES, '00': POSTGRES }, volumes: {} }, '']] },
  );
  // Pure work, of seconds; on a machine that has other things to do, of more.
}, 90_000);
