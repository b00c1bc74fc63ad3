import { describe, expect, it } from 'vitest';
import * as build from '../../../../src/adapters/runtimes/compose/argv.js';
import type { ComposeTarget } from '../../../../src/adapters/runtimes/compose/argv.js';

const target = (given: Partial<ComposeTarget> = {}): ComposeTarget => ({
  tool: 'docker',
  files: [],
  ...given,
});
const docker = target();
const localMind = target({ tool: 'nerdctl', namespace: 'sovereign-ai' });
const rag = target({ files: ['docker-compose.prod.yml'] });

describe('compose', () => {
  it('takes files, project, env file and namespace in the order the tools want them', () => {
    const all = { files: ['a.yml', 'b.yml'], project: 'rag', envFile: 'prod.env', namespace: 'sovereign-ai' };
    const rest = ['-f', 'a.yml', '-f', 'b.yml', '-p', 'rag', '--env-file', 'prod.env'];
    expect(build.compose(target(all))).toEqual(['docker', 'compose', ...rest]);
    expect(build.compose(target({ ...all, tool: 'docker-compose' }))).toEqual(['docker-compose', ...rest]);
    expect(build.compose(target({ ...all, tool: 'podman' }))).toEqual(['podman', 'compose', ...rest]);
    expect(build.compose(target({ ...all, tool: 'nerdctl' }))).toEqual([
      'nerdctl',
      '--namespace',
      'sovereign-ai',
      'compose',
      ...rest,
    ]);
  });

  it('tells each client the engine by its own variable', () => {
    const host = 'unix:///run/x.sock';
    expect(build.engineEnv(target({ host }))).toEqual({ DOCKER_HOST: host });
    expect(build.engineEnv(target({ host, tool: 'docker-compose' }))).toEqual({ DOCKER_HOST: host });
    expect(build.engineEnv(target({ host, tool: 'nerdctl' }))).toEqual({ CONTAINERD_ADDRESS: host });
    expect(build.engineEnv(target({ host, tool: 'podman' }))).toEqual({ CONTAINER_HOST: host });
    expect(build.engineEnv(target())).toEqual({});
  });

  it('asks exec for no terminal, gives plain values, and secrets by name only', () => {
    const env = { values: { PGAPPNAME: 'steady x', STEADY_MARKER: 'm-1' }, names: ['PGPASSWORD'] };
    expect(build.composeExec(rag, { service: 'postgres', argv: ['pg_dump', '-Fc', 'rag'], env })).toEqual([
      ...['docker', 'compose', '-f', 'docker-compose.prod.yml', 'exec', '-T'],
      ...['-e', 'PGAPPNAME=steady x', '-e', 'STEADY_MARKER=m-1', '-e', 'PGPASSWORD'],
      ...['postgres', 'pg_dump', '-Fc', 'rag'],
    ]);
  });

  it('stops with the drain time in whole seconds, rounded up', () => {
    expect(build.composeStop(rag, { services: ['api'], drainSeconds: 1.2 })).toEqual([
      ...['docker', 'compose', '-f', 'docker-compose.prod.yml', 'stop', '-t', '2', 'api'],
    ]);
  });

  it('starts one service', () => {
    expect(build.composeStart(localMind, { services: ['etcd', 'minio'] })).toEqual([
      ...['nerdctl', '--namespace', 'sovereign-ai', 'compose', 'start', 'etcd', 'minio'],
    ]);
  });

  it('makes a service, and leaves what is there and what it needs as they are', () => {
    expect(build.composeUp(rag, { services: ['api'] }).slice(4)).toEqual([
      ...['up', '-d', '--no-deps', '--no-recreate', 'api'],
    ]);
    expect(build.composeUp(localMind, { services: ['backend'] }).join(' ')).toBe(
      'nerdctl --namespace sovereign-ai compose up -d --no-recreate backend',
    );
  });

  it('makes more of a service, and leaves those that are there', () => {
    expect(build.composeScale(rag, { service: 'api', count: 3 }).slice(4)).toEqual([
      ...['up', '-d', '--no-deps', '--no-recreate', '--no-build', '--scale', 'api=3', 'api'],
    ]);
  });

  it('lists stopped containers too, in the words of each tool', () => {
    const words = (tool: ComposeTarget['tool']) => build.composePs(target({ tool }), { ids: true }).join(' ');
    expect(words('docker')).toBe('docker compose ps -a -q');
    expect(words('nerdctl')).toBe('nerdctl compose ps -a -q');
    // v1 and podman-compose have no -a: stopped ones are in their -q anyway.
    expect(words('docker-compose')).toBe('docker-compose ps -q');
    expect(words('podman')).toBe('podman compose ps -q');
  });

  it('reads logs bare', () => {
    expect(build.composeLogs(rag, { service: 'api', lines: 20 }).slice(4)).toEqual([
      'logs',
      'api',
      '--tail=20',
      '--no-log-prefix',
      '--no-color',
    ]);
  });
});

describe('the engine', () => {
  it('restarts one container, with the time to drain in whole seconds, rounded up', () => {
    expect(build.containerRestart(localMind, { container: 'a1', drainSeconds: 9.5 }).join(' ')).toBe(
      'nerdctl --namespace sovereign-ai restart -t 10 a1',
    );
  });

  it('reads a log since, or until, a moment', () => {
    const at = '2026-11-22T02:00:00.123Z';
    expect(build.containerLogs(docker, { container: 'a1', lines: 20, since: at }).join(' ')).toBe(
      `docker logs a1 --tail 20 --since ${at}`,
    );
    expect(build.containerLogs(docker, { container: 'a1', until: at }).join(' ')).toBe(
      `docker logs a1 --until ${at}`,
    );
  });

  it('finds containers by labels', () => {
    expect(build.containerPs(localMind, { labels: ['com.docker.compose.project=rag'] }).join(' ')).toBe(
      'nerdctl --namespace sovereign-ai ps -a -q --no-trunc --filter label=com.docker.compose.project=rag',
    );
    expect(build.containerInspect(docker, ['a1', 'b2'])).toEqual([
      'docker',
      'container',
      'inspect',
      'a1',
      'b2',
    ]);
    expect(build.containerRemove(target({ tool: 'podman' }), ['a1'])).toEqual([
      'podman',
      'rm',
      '-f',
      '-v',
      'a1',
    ]);
    expect(build.volumeInspect(docker, 'rag_db')).toEqual(['docker', 'volume', 'inspect', 'rag_db']);
  });

  it('runs a tool in a container as another user, secrets by name only', () => {
    const env = { values: { LC_ALL: 'C' }, names: ['PGPASSWORD'] };
    const to = { container: 'steady-m-1', argv: ['initdb', '-D', '/tmp/steady/data'], stdin: true };
    expect(build.containerExec(docker, { ...to, env, user: '999:999' })).toEqual([
      ...['docker', 'exec', '-i', '-e', 'LC_ALL=C', '-e', 'PGPASSWORD', '--user', '999:999'],
      ...['steady-m-1', 'initdb', '-D', '/tmp/steady/data'],
    ]);
    expect(build.containerExec(localMind, { container: 'a1', argv: ['true'] })).toEqual([
      ...['nerdctl', '--namespace', 'sovereign-ai', 'exec', 'a1', 'true'],
    ]);
  });

  it('runs a throwaway container with everything a tool beside a service needs', () => {
    const argv = build.containerRun(docker, {
      name: 'steady-m-1',
      labels: ['steadyhand.marker=m-1'],
      env: { values: { A: '1' }, names: ['REDISCLI_AUTH'] },
      user: '999',
      volumesFrom: 'c0ffee',
      network: 'container:c0ffee',
      entrypoint: 'tar',
      stdin: true,
      image: 'sha256:abc',
      argv: ['-C', '/data', '-cf', '-', '.'],
    });
    expect(argv).toEqual([
      ...[
        'docker',
        'run',
        '--rm',
        '-i',
        '--name',
        'steady-m-1',
        '--label',
        'steadyhand.marker=m-1',
        '-e',
        'A=1',
        '-e',
        'REDISCLI_AUTH',
      ],
      ...[
        '--user',
        '999',
        '--volumes-from',
        'c0ffee',
        '--network',
        'container:c0ffee',
        '--entrypoint',
        'tar',
      ],
      ...['sha256:abc', '-C', '/data', '-cf', '-', '.'],
    ]);
  });

  it('leaves out the user when the service sets none', () => {
    expect(build.containerRun(docker, { user: '', image: 'a', argv: ['b'] })).toEqual([
      'docker',
      'run',
      '--rm',
      'a',
      'b',
    ]);
  });
});
