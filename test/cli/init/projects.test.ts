import { describe, expect, it } from 'vitest';
import { initFromCompose } from '../../../src/cli/init/init-from-compose.js';
import { findOtherBackups } from '../../../src/cli/init/other-backups.js';
import { parseStackText } from '../../../src/config/parse-stack-text.js';
import { formatProblem } from '../../../src/config/problems.js';
import { OPTIONS } from './init.js';
import { folderOf, loadProject, PROJECTS, type ProjectName } from './projects.js';

/** What a stranger gets for a project of theirs. */
async function initOf(name: ProjectName) {
  const otherBackups = await findOtherBackups(folderOf(name));
  const { yaml, ...said } = initFromCompose(loadProject(name), { ...OPTIONS, otherBackups });
  return { yaml, ...said, ...parseStackText(yaml, 'steady.yaml') };
}

describe.each(Object.keys(PROJECTS) as ProjectName[])('the project %s', (name) => {
  it('gives a steady.yaml without a problem or a warning, and without a secret', async () => {
    const { yaml, notes, warnings } = await initOf(name);
    expect(warnings.map(formatProblem)).toEqual([]);
    expect(yaml + notes.join('\n')).not.toMatch(/not-a-secret|example\$/);
  });
});

describe('what is backed up', () => {
  it.each([
    ['local-mind', ['redis']],
    ['personal-rag', ['postgres', 'redis', 'caddy-data']],
    ['obsidian', ['redis', 'chroma-data', 'prometheus-data', 'grafana-data']],
    ['rag7', ['postgres', 'redis']],
    ['core-agent', ['postgres', 'redis']],
    ['other-databases', ['pg', 'cache']],
  ] as const)('of %s: %j', async (name, stores) => {
    const { stack } = await initOf(name);
    expect(Object.keys(stack.stores)).toEqual(stores);
    expect(stack.plans['nightly']?.stores).toEqual(stores);
  });

  it('is the database that the application uses, not the one that is empty', async () => {
    const { stack, notes } = await initOf('rag7');
    expect(stack.stores['postgres']?.postgres).toMatchObject({
      database: 'langgraph_checkpoints',
      user: 'langgraph',
    });
    expect(notes).toContain('postgres: database langgraph_checkpoints is named by langgraph; a guess');
  });

  it('is read from env files, whose passwords are left there', async () => {
    const { stack, notes, secrets } = await initOf('core-agent');
    expect(stack.stores['postgres']?.postgres).toMatchObject({
      database: 'core_agent',
      user: 'coreagent',
      password: { env: 'POSTGRES_PASSWORD' },
    });
    expect(secrets).toEqual(['POSTGRES_PASSWORD', 'REDIS_PASSWORD']);
    expect(notes).toContain(
      'postgres: its password stands in config/postgres.env; put it in POSTGRES_PASSWORD where the worker runs',
    );
  });

  it('is all of forty services, by their own names, databases on shared servers each', async () => {
    const { stack } = await initOf('forty');
    expect(loadProject('forty').services).toHaveLength(40);
    const databases = Object.values(stack.stores).flatMap(({ postgres }) =>
      postgres ? [`${postgres.service}/${postgres.database}`] : [],
    );
    expect(databases).toEqual([
      'pg-main/app',
      'pg-main/gitea',
      'pg-auth/auth',
      'pg-auth/keycloak',
      'pg-own/postgres',
    ]);
    expect(stack.services['gitea']?.needs).toEqual(['pg-main-gitea', 'gitea-2']);
    expect(stack.services['keycloak']?.needs).toEqual(['pg-auth-keycloak']);
    expect(stack.stores['pg-main']?.postgres?.password).toEqual({
      file: `${folderOf('forty')}/secrets/pg_main.txt`,
    });
    expect(stack.stores['sessions']?.redis?.password).toEqual({ env: 'SESSIONS_PASSWORD' });
    expect(stack.stores['elsewhere']?.files).toMatchObject({ volume: 'elsewhere' });
    expect(stack.stores['uploads']?.files).toMatchObject({ volume: 'forty_uploads' });
    expect(stack.runtime.compose?.project).toBeUndefined();
  });
});

describe('what is not backed up', () => {
  it('is named on the screen and in the file, with what is offered instead', async () => {
    const { notes, yaml } = await initOf('other-databases');
    for (const [service, product, store] of [
      ['mysql', 'MySQL', 'mysql-2'],
      ['own-mysql', 'MySQL', 'own-mysql-2'],
      ['docs', 'MongoDB', 'docs-2, docs-config'],
      ['analytics', 'ClickHouse', 'analytics-2'],
      ['search', 'Elasticsearch', 'search-2'],
    ]) {
      expect(notes).toContain(
        `${service}: ${product} has no store of its own yet, so it is not backed up. Offered instead, as a comment in the file: store ${store}, archived with the service stopped`,
      );
      expect(yaml).toContain(
        `  # ${service} (${service}): ${product} has no store of its own yet. To archive it as files, with ${service} stopped meanwhile: take the # away`,
      );
    }
    expect(notes).toContain(
      'finder: OpenSearch has no store of its own yet, so it is not backed up. It has no volume either: its data go with its container',
    );
    expect(yaml).toContain('  # finder: OpenSearch has no store of its own yet');
    expect(notes.join('\n')).toContain('graph: a store for Neo4j comes with a later version');
    expect(notes.join('\n')).toContain('replica: it is a replica: its primary is what to back up');
  });

  it('does not include what a vector database knows: screen and file say that it is archived, and what stands still for it', async () => {
    const forty = await initOf('forty');
    const qdrant =
      'qdrant: Qdrant has no store of its own yet; it is stopped and archived every night (store qdrant-2; stopped meanwhile: qdrant)';
    expect(forty.notes).toContain(qdrant);
    expect(forty.yaml).toContain(`  # ${qdrant}.\n  qdrant-2:\n    files: { volume: forty_qdrant }\n`);
    expect(forty.notes).toContain(
      'uploads: archived as files every night; stopped meanwhile: api-internal, api, importer, uploads-keeper, scheduler, worker, web',
    );
    const obsidian = await initOf('obsidian');
    const chroma =
      'chroma: Chroma has no store of its own yet; it is stopped and archived every night (store chroma-data; stopped meanwhile: nginx, data-pipeline, chroma)';
    expect(obsidian.notes).toContain(chroma);
    expect(obsidian.yaml).toContain(`  # ${chroma}.\n  chroma-data:\n`);
  });

  it('is a store as soon as the # is taken away', async () => {
    const { yaml } = await initOf('other-databases');
    const taken = yaml
      .replace('  # docs-2:\n  #   files:', '  docs-2:\n    files:')
      .replace('stores: [pg, cache]', 'stores: [pg, cache, docs-2]')
      .replace('  docs:\n    needs: []', '  docs:\n    needs: [docs-2]');
    const { stack, warnings } = parseStackText(taken, 'steady.yaml');
    expect(stack.stores['docs-2']?.files).toMatchObject({ volume: 'many_docs' });
    expect(warnings.map(formatProblem)).toEqual([]);
  });

  it('has a reason: caches, models, what runs by profile, what lies beside a database, folders of the host', async () => {
    const { yaml } = await initOf('forty');
    for (const line of [
      '# - pg-main-wal (pg-main at /wal): it lies beside the data of a database',
      '# - mailpit (mailpit at /data): what uses it runs with a profile or as a job only',
      '# - dumps (jobs at /dumps): a backup service writes there',
      '# - models (models at /root/.ollama): it looks like models, which can be fetched again',
      '  # pg-test: it runs only with a profile that is not switched on, so it is not backed up. Where it is to run: `steady init` with COMPOSE_PROFILES naming its profile proposes a store for it.',
    ])
      expect(yaml.split('\n')).toContain(line);
    const { notes } = await initOf('personal-rag');
    expect(notes).toContain(
      'not backed up: ./data/chroma (api), as a folder of the host may be code or settings; it is in the file as a comment',
    );
  });
});

describe('backups of another make', () => {
  it.each([
    ['local-mind', ['script backup.sh (calls neo4j-admin)'], 7],
    [
      'personal-rag',
      ['service backup of the compose file', 'folder backups with 2 dumps, the newest of '],
      7,
    ],
    ['core-agent', ['cron line 2 of crontab', 'script scripts/backup-db.sh (calls pg_dump)'], 30],
    ['forty', ['service jobs of the compose file', 'service db-backup of the compose file'], 14],
  ] as const)('of %s are found, and kept as long as theirs: %j', async (name, found, days) => {
    const { notes, yaml, stack } = await initOf(name);
    for (const what of found) {
      const line = notes.find((note) => note.startsWith(what)) ?? '';
      expect(line).toMatch(
        /: makes or holds backups beside ours; switch it off after the first proof of ours$/,
      );
      expect(yaml).toContain(`# - ${what}`);
    }
    expect(stack.plans['nightly']?.keep).toMatchObject({ within: days * 86_400 });
  });

  it('names the command that takes each kind of old dump in', async () => {
    const { notes, yaml } = await initOf('personal-rag');
    for (const command of [
      'steady backup import postgres backups/*.sql.gz',
      'steady backup import redis backups/*.rdb',
    ]) {
      expect(notes).toContain(`old dumps can be listed and proven like ours: ${command}`);
      expect(yaml).toContain(command);
    }
  });
});
