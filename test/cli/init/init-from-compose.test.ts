import { describe, expect, it } from 'vitest';
import { formatProblems, StackFileError } from '../../../src/config/problems.js';
import { init } from './init.js';

describe('what is recognised', () => {
  const one = (service: string, more = '') =>
    `services:\n  db:\n${service.replaceAll(/^/gm, '    ')}\n${more}`;

  it.each([
    ['image: postgres', 'postgres'],
    ['image: pgvector/pgvector:pg16', 'postgres'],
    ['image: registry.internal:5000/mirror/postgres:17@sha256:00', 'postgres'],
    ['image: bitnami/postgresql:16', 'postgres'],
    ['image: ${REGISTRY:-ghcr.io/acme}/timescaledb:latest-pg15', 'postgres'],
    ['image: valkey/valkey:8', 'redis'],
    ['image: redis/redis-stack-server', 'redis'],
    ['image: bitnami/redis:7.2', 'redis'],
  ])('%s', (image, kind) => {
    expect(Object.keys(init(one(image)).stack.stores['db'] ?? {})).toEqual([kind]);
  });

  it.each([
    'postgrest/postgrest',
    'prometheuscommunity/postgres-exporter',
    'oliver006/redis_exporter',
    'edoburu/pgbouncer',
  ])('%s is no store', (image) => {
    expect(() => init(one(`image: ${image}`))).toThrow(
      'wrong usage [file=docker-compose.prod.yml services=1 reason="no PostgreSQL, Redis, volume or data folder found"]',
    );
  });

  it('names the data services it has nothing for, where that is all there is', () => {
    expect(() => init(one('image: mysql:8'))).toThrow(
      'reason="no PostgreSQL, Redis, volume or data folder found" data="db: MySQL has no store of its own yet"]',
    );
  });

  it('reads names of Bitnami images, lists and numbers in the environment', () => {
    const bitnami = one(
      'image: bitnami/postgresql\nenvironment: [POSTGRESQL_USERNAME=app, POSTGRESQL_DATABASE=2026, "POSTGRESQL_PASSWORD=$PGPASS"]',
    );
    expect(init(bitnami).stack.stores['db']?.postgres).toMatchObject({
      user: 'app',
      database: '2026',
      password: { env: 'PGPASS' },
    });
  });

  it('leads password files back to the secret', () => {
    const env = 'image: postgres\nsecrets: [pw]\nenvironment: { POSTGRES_PASSWORD_FILE: /run/secrets/pw }';
    expect(
      init(one(env, 'secrets: { pw: { file: ./secrets/pw.txt } }')).stack.stores['db']?.postgres?.password,
    ).toEqual({
      file: '/srv/RAG_Personal/secrets/pw.txt',
    });
    expect(
      init(one(env, 'secrets: { pw: { environment: DB_PW } }')).stack.stores['db']?.postgres?.password,
    ).toEqual({ env: 'DB_PW' });
  });

  it('never writes a password that stands in the compose file, and says where to put it', () => {
    const { yaml, notes, stack } = init(`services:
  one: { image: postgres, environment: { POSTGRES_PASSWORD: hunter2hunter2 } }
  two: { image: postgres, environment: { POSTGRES_PASSWORD: correcthorse } }
  cache: { image: redis, command: [redis-server, --requirepass, batterystaple] }
`);
    expect(yaml + notes.join()).not.toMatch(/hunter2|correcthorse|batterystaple/);
    expect(stack.stores['one']?.postgres?.password).toEqual({ env: 'POSTGRES_PASSWORD' });
    expect(stack.stores['two']?.postgres?.password).toEqual({ env: 'TWO_POSTGRES_PASSWORD' });
    expect(stack.stores['cache']?.redis?.password).toEqual({ env: 'REDIS_PASSWORD' });
    expect(notes).toContain(
      'two: its password stands in the compose file; put it in TWO_POSTGRES_PASSWORD where the worker runs',
    );
  });

  it('says what it had to guess', () => {
    const { stack, notes } = init(
      one('image: postgres\nenv_file: .env\nenvironment: { POSTGRES_USER: "${DB_USER}" }'),
    );
    expect(stack.stores['db']?.postgres).toMatchObject({ user: 'postgres', database: 'postgres' });
    expect(notes).toEqual([
      'db: POSTGRES_USER comes from the environment; user postgres is a guess',
      'db: its database may stand in .env, which cannot be read; postgres is a guess',
    ]);
    const known = init(one('image: postgres\nenvironment: { POSTGRES_USER: "${DB_USER}" }'), {
      environment: { DB_USER: 'shop' },
    });
    expect(known.stack.stores['db']?.postgres).toMatchObject({ user: 'shop', database: 'shop' });
  });

  it('finds needs that only the environment tells', () => {
    const { stack, notes } = init(`services:
  db: { image: postgres }
  cache: { image: valkey/valkey }
  web: { image: shop, environment: { DB: "postgres://u:p@db:5432/x?ssl=1", REDIS_HOST: cache } }
  other: { image: x, environment: { NAME: database } }
`);
    expect(stack.services['web']?.needs).toEqual(['db', 'cache']);
    expect(stack.services['other']?.needs).toEqual([]);
    expect(notes).toContain('web: needs db, cache, guessed from its environment');
  });

  it('makes files stores of volumes, by their full names, in short and long syntax', () => {
    const { stack } = init(`name: shop
services:
  web:
    image: shop
    volumes:
      - uploads:/srv/uploads:rw
      - { type: volume, source: media, target: /srv/media }
      - { type: volume, source: shared, target: /srv/shared }
      - { type: tmpfs, target: /scratch }
      - cache:/root/.cache
      - /anonymous
  chroma: { image: chromadb/chroma, volumes: ["chroma:/chroma/chroma", "shared:/shared"] }
volumes:
  uploads:
  media: { name: "\${MEDIA:-shop-media}" }
  chroma: { external: true }
  shared: { external: { name: all-shared } }
  cache: {}
`);
    expect(stack.stores).toMatchObject({
      uploads: { files: { volume: 'shop_uploads' } },
      media: { files: { volume: 'shop-media' } },
      shared: { files: { volume: 'all-shared' } },
      'chroma-2': { files: { volume: 'chroma' } },
    });
    expect(Object.keys(stack.stores)).toHaveLength(4);
    expect(stack.services['web']?.needs).toEqual(['uploads', 'media', 'shared']);
    expect(stack.services['chroma']?.needs).toEqual(['shared', 'chroma-2']);
    expect(stack.plans['nightly']?.keep).toEqual({ daily: 7, weekly: 4, monthly: 6, verified: 2 });
  });

  it('names databases it has no store for, and proposes their volumes as a comment', () => {
    const { yaml, notes, stack } = init(`services:
  db: { image: postgres }
  Legacy_DB.2: { image: "mysql:8", volumes: ["mysql:/var/lib/mysql"] }
  docs: { image: "mongo:7", volumes: ["mongo:/data/db"] }
  search: { image: docker.elastic.co/elasticsearch/elasticsearch }
`);
    expect(notes).toEqual([
      'Legacy_DB.2: MySQL has no store of its own yet, so it is not backed up. Offered instead, as a comment in the file: store mysql, archived with the service stopped',
      'docs: MongoDB has no store of its own yet, so it is not backed up. Offered instead, as a comment in the file: store mongo, archived with the service stopped',
      'search: Elasticsearch has no store of its own yet, so it is not backed up. It has no volume either: its data go with its container',
    ]);
    expect(yaml).toContain('  # mysql:\n  #   files: { volume: rag_personal_mysql }');
    expect(Object.keys(stack.stores)).toEqual(['db']);
    expect(stack.services['legacy-db-2']).toMatchObject({ container: 'Legacy_DB.2' });
  });

  it('archives what it doubts when there is nothing else, and says so', () => {
    const { stack, notes } = init(one('image: mariadb\nvolumes: ["data:/var/lib/mysql"]'));
    expect(stack.stores['data']?.files).toMatchObject({ volume: 'rag_personal_data' });
    expect(notes.join('\n')).toContain(
      'data: archived as files, with its services stopped meanwhile; look at it first',
    );
  });
});

describe('what is no compose file', () => {
  it.each([
    ['a: b', 'docker-compose.prod.yml:1:1 services: no services: not a compose file'],
    ['services:\n\tx: 1', 'docker-compose.prod.yml:2:1: a tab as indentation; YAML takes spaces'],
    ['', 'docker-compose.prod.yml:1:1 services: no services: not a compose file'],
  ])('%j is told with its place', (text, problem) => {
    try {
      init(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(StackFileError);
      expect(formatProblems((error as StackFileError).problems)).toBe(problem);
    }
  });

  it('may have tags of Compose’s own', () => {
    expect(
      init('services:\n  db:\n    image: postgres\n    ports: !reset []\n').stack.stores['db'],
    ).toBeDefined();
  });
});
