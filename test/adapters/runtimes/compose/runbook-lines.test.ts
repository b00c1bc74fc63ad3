import { describe, expect, it } from 'vitest';
import * as build from '../../../../src/adapters/runtimes/compose/argv.js';
import type { Argv, ComposeTarget } from '../../../../src/adapters/runtimes/compose/argv.js';

const target = (given: Partial<ComposeTarget> = {}): ComposeTarget => ({
  tool: 'docker',
  files: [],
  ...given,
});
/** 000 local-mind, 001 personal-rag, 002 obsidian, 004 core-agent as their stack files name the runtime. */
const localMind = target({ tool: 'nerdctl', namespace: 'sovereign-ai' });
const docker = target();
const rag = target({ files: ['docker-compose.prod.yml'] });
const obsidian = target({ tool: 'docker-compose', files: ['docker-compose.production.yml'] });
const coreAgent = target({ tool: 'docker-compose' });

/**
 * What steadyhand adds to a runbook's line, and why: no terminal here; bare lines; no colours; what runs, and what it needs,
 * stays as it is.
 */
const ADDED = ['-T', '--no-log-prefix', '--no-color', '--no-deps', '--no-recreate'];
const line = (argv: Argv): string => argv.filter((word) => !ADDED.includes(word)).join(' ');

describe('the lines of the paper runbooks, word for word', () => {
  it.each<[string, Argv]>([
    // 000:40
    ['nerdctl --namespace sovereign-ai compose up -d', build.composeUp(localMind, { services: [] })],
    // 000:73
    [
      'nerdctl --namespace sovereign-ai compose up -d backend-v-old',
      build.composeUp(localMind, { services: ['backend-v-old'] }),
    ],
    // 002:129
    ['docker-compose -f docker-compose.production.yml up -d', build.composeUp(obsidian, { services: [] })],
    // 004:64, 004:98
    ['docker-compose up -d', build.composeUp(coreAgent, { services: [] })],
    // 004:94
    [
      'docker tag core-agent:latest core-agent:backup',
      build.imageTag(docker, { image: 'core-agent:latest', name: 'core-agent:backup' }),
    ],
    // 004:97
    ['docker pull core-agent:previous-tag', build.imagePull(docker, 'core-agent:previous-tag')],
    // 000:43, 000:163
    ['nerdctl --namespace sovereign-ai compose ps', build.composePs(localMind)],
    // 000:124 (its -f follows for ever, which is not reading the last lines)
    [
      'docker logs sce-backend --tail 100',
      build.containerLogs(docker, { container: 'sce-backend', lines: 100 }),
    ],
    // 000:168
    [
      'docker logs sce-backend --tail 50',
      build.containerLogs(docker, { container: 'sce-backend', lines: 50 }),
    ],
    // 000:127, 130, 197, 252, 275, 306
    ['docker logs sce-backend', build.containerLogs(docker, { container: 'sce-backend' })],
    ['docker logs ollama', build.containerLogs(docker, { container: 'ollama' })],
    ['docker logs sce-cognitive-brain', build.containerLogs(docker, { container: 'sce-cognitive-brain' })],
    ['docker logs sce-etcd', build.containerLogs(docker, { container: 'sce-etcd' })],
    // 000:272, 000:303
    ['docker ps', build.containerPs(docker)],
    // 000:292
    [
      'docker exec sce-cognitive-brain cypher-shell -u neo4j -p "${NEO4J_PASSWORD}"',
      build.containerExec(docker, {
        container: 'sce-cognitive-brain',
        argv: ['cypher-shell', '-u', 'neo4j', '-p', '"${NEO4J_PASSWORD}"'],
      }),
    ],
    // 000:447, 000:477
    [
      'docker exec sce-cognitive-brain neo4j-admin database dump neo4j --to-path=/backups/neo4j-$(date +%Y%m%d).dump',
      build.containerExec(docker, {
        container: 'sce-cognitive-brain',
        argv: ['neo4j-admin', 'database', 'dump', 'neo4j', '--to-path=/backups/neo4j-$(date +%Y%m%d).dump'],
      }),
    ],
    // 000:451
    [
      'docker exec sce-cognitive-brain neo4j-admin database load neo4j --from-path=/backups/neo4j-20240101.dump --overwrite-destination=true',
      build.containerExec(docker, {
        container: 'sce-cognitive-brain',
        argv: [
          ...['neo4j-admin', 'database', 'load', 'neo4j'],
          ...['--from-path=/backups/neo4j-20240101.dump', '--overwrite-destination=true'],
        ],
      }),
    ],
    // 001:37
    ['docker compose -f docker-compose.prod.yml ps', build.composePs(rag)],
    // 001:38
    [
      'docker compose -f docker-compose.prod.yml logs api --tail=50',
      build.composeLogs(rag, { service: 'api', lines: 50 }),
    ],
    // 001:329
    [
      'docker compose -f docker-compose.prod.yml logs api --tail=20',
      build.composeLogs(rag, { service: 'api', lines: 20 }),
    ],
    // 001:360
    [
      'docker compose -f docker-compose.prod.yml logs redis --tail=20',
      build.composeLogs(rag, { service: 'redis', lines: 20 }),
    ],
    // 001:53, 001:406 (a password in argv is the runbook's; steadyhand's own tools take it from the environment)
    [
      'docker compose -f docker-compose.prod.yml exec redis redis-cli -a $REDIS_PASSWORD FLUSHDB',
      build.composeExec(rag, { service: 'redis', argv: ['redis-cli', '-a', '$REDIS_PASSWORD', 'FLUSHDB'] }),
    ],
    // 001:205
    ['docker compose -f docker-compose.prod.yml stop', build.composeStop(rag, { services: [] })],
    // 001:423
    ['docker compose -f docker-compose.prod.yml stop api', build.composeStop(rag, { services: ['api'] })],
    // 002:20, 002:39
    ['docker-compose -f docker-compose.production.yml ps', build.composePs(obsidian)],
    // 002:57
    [
      'docker-compose -f docker-compose.production.yml logs data-pipeline',
      build.composeLogs(obsidian, { service: 'data-pipeline' }),
    ],
    // 002:81
    [
      'docker exec obsidian-redis-prod redis-cli info stats',
      build.containerExec(docker, { container: 'obsidian-redis-prod', argv: ['redis-cli', 'info', 'stats'] }),
    ],
    // 002:111
    [
      'docker exec obsidian-prometheus-prod du -sh /prometheus',
      build.containerExec(docker, {
        container: 'obsidian-prometheus-prod',
        argv: ['du', '-sh', '/prometheus'],
      }),
    ],
    // 002:141
    [
      'docker run --rm -v obsidian-chroma-prod_chroma_data:/data -v ${PWD}/backups/[BACKUP_DIR]:/backup alpine tar xzf /backup/chroma_data.tar.gz -C /data',
      build.containerRun(docker, {
        volumes: ['obsidian-chroma-prod_chroma_data:/data', '${PWD}/backups/[BACKUP_DIR]:/backup'],
        image: 'alpine',
        argv: ['tar', 'xzf', '/backup/chroma_data.tar.gz', '-C', '/data'],
      }),
    ],
    // 002:144: a volume of another project, by its full name
    [
      'docker run --rm -v obsidian-redis-prod_redis_data:/data -v ${PWD}/backups/[BACKUP_DIR]:/backup alpine tar xzf /backup/redis_data.tar.gz -C /data',
      build.containerRun(docker, {
        volumes: ['obsidian-redis-prod_redis_data:/data', '${PWD}/backups/[BACKUP_DIR]:/backup'],
        image: 'alpine',
        argv: ['tar', 'xzf', '/backup/redis_data.tar.gz', '-C', '/data'],
      }),
    ],
    // 004:156
    ['docker-compose logs core-agent', build.composeLogs(coreAgent, { service: 'core-agent' })],
    // 004:157
    ['docker logs <container-id>', build.containerLogs(docker, { container: '<container-id>' })],
    // 004:293
    [
      'docker exec postgres pg_dump -U coreagent core_agent',
      build.containerExec(docker, {
        container: 'postgres',
        argv: ['pg_dump', '-U', 'coreagent', 'core_agent'],
      }),
    ],
    // 004:302
    [
      'docker exec -i postgres psql -U coreagent core_agent',
      build.containerExec(docker, {
        container: 'postgres',
        stdin: true,
        argv: ['psql', '-U', 'coreagent', 'core_agent'],
      }),
    ],
  ])('%s', (words, argv) => {
    expect(line(argv)).toBe(words);
  });
});
