import { describe, expect, it } from 'vitest';
import { createComposeRuntime } from '../../../../src/adapters/runtimes/compose/compose.js';
import { Secret } from '../../../../src/contracts/secret.js';

const runtime = createComposeRuntime({
  config: { tool: 'docker', files: ['docker-compose.prod.yml'], host: 'unix:///run/d.sock' },
  baseFolder: '/srv/rag',
});
const tool = {
  argv: ['/usr/lib/postgresql/16/bin/pg_dump', '-Fc', 'rag'] as const,
  env: { PGAPPNAME: 'steady' },
  secrets: { PGPASSWORD: new Secret('hunter22') },
};

describe('a tool placed in a service', () => {
  const placed = runtime.place(tool, { service: 'postgres', marker: 'backup-7-1' });

  it('is labelled by program and service', () => {
    expect(placed.label).toBe('pg_dump in postgres');
    expect(placed.cwd).toBe('/srv/rag');
  });

  it('carries marker, an id of its own and plain variables inside; secrets come from the client’s environment', () => {
    const id = /^STEADY_TOOL=([0-9a-f]{10})$/.exec(placed.argv[placed.argv.length - 7] ?? '')?.[1];
    expect(id).toBeDefined();
    expect(placed.argv.join(' ')).toBe(
      `docker compose -f docker-compose.prod.yml exec -T -e PGAPPNAME=steady -e STEADY_MARKER=backup-7-1 -e STEADY_TOOL=${id}` +
        ' -e PGPASSWORD postgres /usr/lib/postgresql/16/bin/pg_dump -Fc rag',
    );
    expect(placed.secrets).toBe(tool.secrets);
    // The client's own environment: the tool's plain variables could mean something to docker itself.
    expect(placed.env).toEqual({ DOCKER_HOST: 'unix:///run/d.sock', STEADY_MARKER: 'backup-7-1' });
  });

  it('has another id each time, so that ending one leaves the others of the attempt alone', () => {
    expect(runtime.place(tool, { service: 'postgres', marker: 'backup-7-1' }).argv).not.toEqual(placed.argv);
  });
});

describe('a tool placed without a service', () => {
  it('runs on this host with its marker', () => {
    expect(runtime.place(tool, { marker: 'm-1' })).toEqual({
      ...tool,
      env: { PGAPPNAME: 'steady', STEADY_MARKER: 'm-1' },
      label: 'pg_dump',
      cwd: '/srv/rag',
    });
  });
});

describe('a tool in a throwaway container', () => {
  it('is named, labelled and takes the place of the entrypoint', () => {
    const placed = runtime.placeBeside(tool, { service: 'redis', marker: 'restore/7 1' });
    expect(placed.label).toBe('pg_dump beside redis');
    expect(placed.argv.join(' ')).toMatch(
      /^docker run --rm -i --name steady-restore-7-1-(\w+) --label steadyhand.marker=restore\/7 1 --label steadyhand.tool=\1 .* --entrypoint \/usr\/lib\/postgresql\/16\/bin\/pg_dump IMAGE -Fc rag$/,
    );
    expect(placed.argv.join(' ')).not.toContain('hunter22');
    expect(runtime.placeOnVolume(tool, { volume: 'rag_db', marker: 'm' }).label).toBe(
      'pg_dump on volume rag_db',
    );
  });
});
