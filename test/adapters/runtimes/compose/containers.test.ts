import { describe, expect, it } from 'vitest';
import { parseInspect, serviceState } from '../../../../src/adapters/runtimes/compose/containers.js';

const inspected = (
  given: { id?: string; state?: object; labels?: Record<string, string> | null; more?: object } = {},
) => ({
  Id: given.id ?? 'c1',
  Image: 'sha256:aa',
  RestartCount: 2,
  State: { Status: 'running', StartedAt: '2026-11-22T02:00:00Z', ...given.state },
  Config: {
    Image: 'postgres:16',
    User: '',
    Labels:
      given.labels === undefined
        ? { 'com.docker.compose.service': 'db', 'com.docker.compose.oneoff': 'False' }
        : given.labels,
  },
  Mounts: [{ Type: 'volume', Name: 'rag_db' }, { Type: 'bind' }],
  ...given.more,
});
const parse = (...all: object[]) => parseInspect(JSON.stringify(all));

describe('parseInspect', () => {
  it('reads what docker says of a service container', () => {
    expect(parse(inspected({ state: { Health: { Status: 'healthy' } } }))).toEqual([
      {
        id: 'c1',
        name: 'c1',
        service: 'db',
        oneOff: false,
        status: 'running',
        health: 'healthy',
        restarts: 2,
        image: 'sha256:aa',
        imageName: 'postgres:16',
        startedAt: '2026-11-22T02:00:00Z',
        user: '',
        volumes: ['rag_db'],
        published: [],
        hostNetwork: false,
        addresses: {},
        labels: { 'com.docker.compose.service': 'db', 'com.docker.compose.oneoff': 'False' },
      },
    ]);
  });

  it.each([
    ['running', 'running'],
    ['created', 'stopped'],
    ['exited', 'stopped'],
    ['dead', 'stopped'],
    ['paused', 'unknown'],
    ['restarting', 'unknown'],
    ['removing', 'unknown'],
    ['something new', 'unknown'],
  ])('takes the engine’s %s for %s', (Status, status) => {
    expect(parse(inspected({ state: { Status } }))[0]?.status).toBe(status);
  });

  it('knows containers of `compose run` and those without labels', () => {
    const [oneOff, foreign] = parse(
      inspected({ labels: { 'com.docker.compose.service': 'db', 'com.docker.compose.oneoff': 'True' } }),
      inspected({ labels: null }),
    );
    expect(oneOff?.oneOff).toBe(true);
    expect(foreign?.service).toBeUndefined();
  });

  it('has no health where none is defined, and no start for one that never ran', () => {
    const [one] = parse(
      inspected({
        state: { Status: 'created', StartedAt: '0001-01-01T00:00:00Z', Health: { Status: 'none' } },
      }),
    );
    expect(one).toMatchObject({ health: undefined, startedAt: undefined });
  });

  it('tells TCP ports that are published, and the network of the host', () => {
    // As docker 28 answers for `ports: ["5432:5432", "127.0.0.1:6543:6543/tcp", "53:53/udp"]` and an EXPOSE.
    const Ports = {
      '5432/tcp': [
        { HostIp: '0.0.0.0', HostPort: '5432' },
        { HostIp: '::', HostPort: '5432' },
      ],
      '53/udp': [{ HostIp: '0.0.0.0', HostPort: '53' }],
      '6543/tcp': [{ HostIp: '127.0.0.1', HostPort: '6543' }],
      '8080/tcp': null,
    };
    const [bridged, host] = parse(
      inspected({ more: { NetworkSettings: { Ports }, HostConfig: { NetworkMode: 'shop_default' } } }),
      inspected({ more: { NetworkSettings: { Ports: {} }, HostConfig: { NetworkMode: 'host' } } }),
    );
    expect(bridged).toMatchObject({
      hostNetwork: false,
      published: [
        { inside: 5432, address: '0.0.0.0', port: 5432 },
        { inside: 5432, address: '::', port: 5432 },
        { inside: 6543, address: '127.0.0.1', port: 6543 },
      ],
    });
    expect(host).toMatchObject({ hostNetwork: true, published: [] });
  });

  it('reads nerdctl and podman, which leave fields out or name them otherwise', () => {
    const [nerdctl, podman] = parse(
      {
        Id: 'n',
        Image: 'docker.io/library/redis:7',
        State: { Status: 'running' },
        Config: { Labels: { 'com.docker.compose.service': 'cache' } },
      },
      {
        Id: 'p',
        Image: 'aa',
        State: { Status: 'running', Healthcheck: { Status: 'starting' } },
        Config: { Image: 'redis:7' },
        Mounts: null,
      },
    );
    expect(nerdctl).toMatchObject({
      service: 'cache',
      imageName: 'docker.io/library/redis:7',
      restarts: 0,
      volumes: [],
    });
    expect(podman).toMatchObject({ health: 'starting', image: 'aa', imageName: 'redis:7' });
  });
});

describe('serviceState', () => {
  it('is missing without a container', () => {
    expect(serviceState('db', [])).toEqual({ service: 'db', status: 'missing' });
  });

  it('sums up several instances: the worst health, all restarts, the newest start', () => {
    const all = parse(
      inspected({ state: { Health: { Status: 'healthy' } } }),
      inspected({ state: { StartedAt: '2026-11-22T03:00:00Z', Health: { Status: 'unhealthy' } } }),
    );
    expect(serviceState('api', all)).toEqual({
      service: 'api',
      status: 'running',
      health: 'unhealthy',
      restarts: 4,
      image: 'postgres:16',
      startedAt: '2026-11-22T03:00:00Z',
    });
  });

  it('is neither running nor stopped when one instance of two runs', () => {
    expect(serviceState('api', parse(inspected(), inspected({ state: { Status: 'exited' } }))).status).toBe(
      'unknown',
    );
  });
});
