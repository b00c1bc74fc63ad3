import { describe, expect, it } from 'vitest';
import { formatProblems } from '../../../src/config/problems.js';
import { init, OPTIONS } from './init.js';

const RAG = `
x-common: &common
  restart: unless-stopped
  logging: { driver: json-file }
services:
  api:
    <<: *common
    build: .
    depends_on:
      postgres: { condition: service_healthy }
      redis: { condition: service_started, required: false }
      migrate: { condition: service_completed_successfully }
    environment:
      - DATABASE_URL=postgresql+asyncpg://rag:\${POSTGRES_PASSWORD}@postgres:5432/rag
      - SECRET_KEY
    ports: ["127.0.0.1:8080:8000"]
    healthcheck: { test: ["CMD", "curl", "-f", "http://localhost:8000/health/detailed"] }
    volumes:
      - ./data/chroma:/app/data/chroma
      - ./src:/app/src:ro
  migrate:
    build: .
    command: alembic upgrade head
    depends_on: [postgres]
  postgres:
    <<: *common
    image: docker.io/library/postgres:\${PG_TAG:-15-alpine}
    environment:
      POSTGRES_USER: \${POSTGRES_USER:-rag}
      POSTGRES_DB: rag_db
      POSTGRES_PASSWORD: \${POSTGRES_PASSWORD:?set it}
    volumes: [pg_data:/var/lib/postgresql/data]
  redis:
    image: redis:7-alpine
    command: redis-server --requirepass "\${REDIS_PASS}" --appendonly yes
    volumes: [redis_data:/data]
  backup:
    image: postgres:15
    depends_on: [postgres]
    entrypoint: sh -c "while true; do pg_dump -h postgres > /backups/x; find /backups -type f -mtime +7 -delete; sleep 86400; done"
    volumes: [backups:/backups]
  adminer:
    image: adminer
    profiles: [debug]
volumes: { pg_data: {}, redis_data: {}, backups: {} }
`;

describe('steady init on a usual compose file', () => {
  const { yaml, notes, stack, warnings } = init(RAG);

  it('finds PostgreSQL and Redis with names, never with a password', () => {
    expect(stack.stack).toBe('rag-personal');
    expect(stack.runtime.compose).toMatchObject({
      files: ['docker-compose.prod.yml'],
      project: 'rag_personal',
    });
    expect(stack.stores['postgres']?.postgres).toMatchObject({
      service: 'postgres',
      database: 'rag_db',
      user: 'rag',
      password: { env: 'POSTGRES_PASSWORD' },
    });
    expect(stack.stores['redis']?.redis).toMatchObject({ service: 'redis', password: { env: 'REDIS_PASS' } });
    expect(Object.keys(stack.stores)).toEqual(['postgres', 'redis']);
  });

  it('takes needs from depends_on, optional ones as such, jobs not at all', () => {
    expect(stack.services['api']?.needs).toEqual(['postgres', { name: 'redis', optional: true }]);
    expect(Object.keys(stack.services)).toEqual(['api', 'backup']);
    expect(notes).toContain('migrate: left out, as it runs by profile or as a job only');
    expect(notes).toContain('adminer: left out, as it runs by profile or as a job only');
  });

  it('keeps what the clean-up rule kept', () => {
    expect(stack.plans['nightly']?.keep).toEqual({ within: 7 * 86_400, verified: 2 });
    expect(yaml).toContain('As your own clean-up rule has it: older than 7 days goes.');
  });

  it('proposes one plan at 03:30, encryption for both recipients, and no warning', () => {
    expect(stack.plans['nightly']).toMatchObject({
      schedule: '30 3 * * *',
      stores: ['postgres', 'redis'],
      verify: 'readable',
    });
    expect(stack.storage.encryption?.age).toEqual({
      recipients: Object.values(OPTIONS.recipients ?? {}),
      identity: { file: '/etc/steady/proof.key' },
    });
    expect(formatProblems(warnings)).toBe('');
  });

  it('leaves guesses as comments: health, folders of the host, approvers', () => {
    expect(yaml).toContain('# A guess: health: { http: { url: "http://127.0.0.1:8080/health/detailed" } }');
    expect(yaml).toContain('  # data-chroma:\n  #   files: { path: /srv/RAG_Personal/data/chroma }');
    expect(yaml).not.toContain('/srv/RAG_Personal/src');
    expect(yaml).toContain('# approvers:\n#   - { name: ana, key: "ed25519:…", roles: [operator] }');
  });

  it('tells of the backup job that goes on beside ours', () => {
    expect(notes).toContain(
      'service backup of the compose file: makes or holds backups beside ours; switch it off after the first proof of ours',
    );
  });
});
