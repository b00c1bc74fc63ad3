import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { filesOf } from '../../../../src/adapters/runtimes/compose/files.js';
import { imageIn } from '../../../../src/adapters/runtimes/compose/images.js';
import { obstaclesIn } from '../../../../src/adapters/runtimes/compose/obstacles.js';
import { overrideText } from '../../../../src/adapters/runtimes/compose/override.js';

describe('a compose file over the user’s own', () => {
  const version = {
    revision: 7,
    image: { name: 'acme/api:2', id: 'sha256:aa', digest: 'acme/api@sha256:bb' },
    settings: { env: { LLM_MODEL: 'a "quoted" $VALUE', N: '4' }, memory: '4g', cpus: '1.5' },
  };

  it('has the image by its digest, the settings and the revision', () => {
    expect(parse(overrideText('api', version))).toEqual({
      services: {
        api: {
          image: 'acme/api@sha256:bb',
          pull_policy: 'never',
          labels: { 'steady.revision': '7' },
          // Compose would fill in what begins with a dollar sign.
          environment: { LLM_MODEL: 'a "quoted" $$VALUE', N: '4' },
          mem_limit: '4g',
          cpus: '1.5',
        },
      },
    });
  });

  it('has the image by the name it is kept under where no registry knows it', () => {
    const local = { ...version, image: { name: 'api', id: 'sha256:aa' }, keptAs: 'steadyhand/rag-api:7' };
    expect((parse(overrideText('api', local)) as { services: object }).services).toMatchObject({
      api: { image: 'steadyhand/rag-api:7' },
    });
  });

  it('has the image by its id where it has no name at all, and leaves what is not set', () => {
    const text = overrideText('api', {
      revision: 1,
      image: { name: 'api', id: 'sha256:aa' },
      settings: { env: {} },
    });
    expect(parse(text)).toEqual({
      services: {
        api: { image: 'sha256:aa', pull_policy: 'never', labels: { 'steady.revision': '1' } },
      },
    });
  });
});

describe('why two containers of a service cannot run at a time', () => {
  const config = (service: object): string => JSON.stringify({ name: 'rag', services: { api: service } });

  it.each<[object, string[]]>([
    [{}, []],
    [{ ports: [{ target: 8000 }], networks: { default: null } }, []],
    [{ container_name: 'sce-backend' }, ['container_name is sce-backend']],
    [
      { ports: [{ mode: 'ingress', target: 8000, published: '8000', protocol: 'tcp' }] },
      ['port 8000 of the machine is published for 8000'],
    ],
    // As docker-compose v1 writes it.
    [{ ports: ['127.0.0.1:8000:80/tcp', '9000'] }, ['port 8000 of the machine is published for 80']],
    // A range gives each its own.
    [{ ports: [{ target: 8000, published: '8000-8010' }] }, []],
    [{ network_mode: 'host' }, ['it has the network of its machine']],
    [{ networks: { back: { ipv4_address: '10.1.0.5' } } }, ['its address is 10.1.0.5']],
  ])('%j', (service, why) => {
    expect(obstaclesIn(config(service), 'api')).toEqual(why);
  });

  it('is not known of a service that no file has', () => {
    expect(() => obstaclesIn(config({}), 'web')).toThrow('service=web error="not in the compose files"');
  });
});

describe('what an image is', () => {
  const inspected = (more: object): string => JSON.stringify([{ Id: 'sha256:aa', ...more }]);

  it('is its id, its digest by the name asked for, and its commit', () => {
    const RepoDigests = ['mirror:5000/acme/api@sha256:cc', 'ghcr.io/acme/api@sha256:bb'];
    const Config = { Labels: { 'org.opencontainers.image.revision': '4be1f00' } };
    expect(imageIn(inspected({ RepoDigests, Config }), 'ghcr.io/acme/api:1.4')).toEqual({
      name: 'ghcr.io/acme/api:1.4',
      id: 'sha256:aa',
      digest: 'ghcr.io/acme/api@sha256:bb',
      commit: '4be1f00',
    });
    expect(imageIn(inspected({ RepoDigests }), 'mirror:5000/acme/api')?.digest).toBe(
      'mirror:5000/acme/api@sha256:cc',
    );
  });

  it('has no digest where it was built here', () => {
    expect(imageIn(inspected({ RepoDigests: [], Config: { Labels: null } }), 'api')).toEqual({
      name: 'api',
      id: 'sha256:aa',
    });
    expect(imageIn('[]', 'api')).toBeUndefined();
  });
});

describe('the compose files that another lies over', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'steady-files-of-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (...names: string[]): string[] =>
    names.map((name) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, name), 'services: {}\n');
      return join(folder, name);
    });

  it('are those of the stack file, else those a container was made by, else the usual ones', () => {
    const [base = '', over = ''] = write('compose.yaml', 'compose.override.yaml');
    const [other = ''] = write('prod.yml');
    const madeBy = (...files: string[]) => [
      { labels: { 'com.docker.compose.project.config_files': files.join(',') } },
    ];
    expect(filesOf({ files: ['mine.yml'] }, folder, madeBy(other))).toEqual(['mine.yml']);
    expect(filesOf({ files: [] }, folder, madeBy(other))).toEqual([other]);
    // Ours came through a pipe; what is not there any more is not asked for.
    expect(filesOf({ files: [] }, folder, madeBy(base, over, '-'))).toEqual([base, over]);
    expect(filesOf({ files: [] }, folder, madeBy('/gone/compose.yml'))).toEqual([
      'compose.yaml',
      'compose.override.yaml',
    ]);
  });
});
