import { z } from 'zod';
import type { Instance, PublishedPort, ServiceState, ServiceStatus } from '../port.js';

/** A container as the engine describes it, found by its compose labels and never by a guessed name. */
export interface Container {
  readonly id: string;
  readonly name: string;
  /** Compose service; undefined for containers of others. */
  readonly service: string | undefined;
  /** Made by `compose run`: not the service itself. */
  readonly oneOff: boolean;
  readonly status: ServiceStatus;
  readonly health: 'healthy' | 'unhealthy' | 'starting' | undefined;
  readonly restarts: number;
  /** Of its process, where it has ended. */
  readonly exit?: number | undefined;
  /** The exact image it was made of, also when its tag has moved on. */
  readonly image: string;
  readonly imageName: string;
  readonly startedAt: string | undefined;
  /** Set by the service's `user:`, else empty. */
  readonly user: string;
  /** Names of the volumes mounted. */
  readonly volumes: readonly string[];
  readonly published: readonly PublishedPort[];
  readonly hostNetwork: boolean;
  /** Its address in each network that it is in. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

const publishedAt = z.array(z.object({ HostIp: z.string().default(''), HostPort: z.string() })).nullable();

const health = z.object({ Status: z.string().optional() }).nullish();

/** What `container inspect` of docker, nerdctl (dockercompat) and podman have in common. */
const inspectSchema = z.array(
  z.object({
    Id: z.string(),
    Name: z.string().default(''),
    Image: z.string().default(''),
    RestartCount: z.number().default(0),
    State: z.object({
      Status: z.string(),
      StartedAt: z.string().optional(),
      ExitCode: z.number().optional(),
      Health: health,
      Healthcheck: health.describe('podman before 4'),
    }),
    Config: z.object({
      Image: z.string().default(''),
      User: z.string().nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
    }),
    HostConfig: z.object({ NetworkMode: z.string().optional() }).nullish(),
    NetworkSettings: z
      .object({
        Ports: z.record(z.string(), publishedAt).nullish().describe('by `5432/tcp`'),
        Networks: z.record(z.string(), z.object({ IPAddress: z.string().nullish() }).nullish()).nullish(),
      })
      .nullish(),
    Mounts: z.array(z.object({ Type: z.string().optional(), Name: z.string().optional() })).nullish(),
  }),
);

/** Reads the answer of `container inspect`; throws a ZodError when it is none. */
export function parseInspect(json: string): Container[] {
  return inspectSchema.parse(JSON.parse(json)).map((found) => {
    const labels = found.Config.Labels ?? {};
    return {
      id: found.Id,
      // Docker writes `/rag-api-1`.
      name: found.Name.replace(/^\//, '') || found.Id.slice(0, 12),
      service: labels['com.docker.compose.service'],
      // Docker writes `True`; nerdctl and podman-compose leave it out.
      oneOff: /^true$/i.test(labels['com.docker.compose.oneoff'] ?? ''),
      status: statusOf(found.State.Status),
      health: healthOf(found.State.Health?.Status ?? found.State.Healthcheck?.Status),
      restarts: found.RestartCount,
      exit: /exited|dead/.test(found.State.Status) ? found.State.ExitCode : undefined,
      image: found.Image || found.Config.Image,
      imageName: found.Config.Image || found.Image,
      // Docker's word for never.
      startedAt: found.State.StartedAt?.startsWith('0001-') ? undefined : found.State.StartedAt,
      user: found.Config.User ?? '',
      volumes: (found.Mounts ?? []).flatMap((mount) => (mount.Name !== undefined ? [mount.Name] : [])),
      published: publishedPorts(found.NetworkSettings?.Ports ?? {}),
      hostNetwork: found.HostConfig?.NetworkMode === 'host',
      addresses: addressesIn(found.NetworkSettings?.Networks ?? {}),
      labels,
    };
  });
}

function addressesIn(
  networks: Readonly<Record<string, { IPAddress?: string | null | undefined } | null | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(networks).flatMap(([name, at]) =>
      at?.IPAddress === undefined || at.IPAddress === null || at.IPAddress === ''
        ? []
        : [[name, at.IPAddress] as const],
    ),
  );
}

function publishedPorts(ports: Readonly<Record<string, z.infer<typeof publishedAt>>>): PublishedPort[] {
  return Object.entries(ports).flatMap(([name, at]) => {
    const [inside, protocol = 'tcp'] = name.split('/');
    if (protocol !== 'tcp') return [];
    return (at ?? []).map(({ HostIp, HostPort }) => ({
      inside: Number(inside),
      address: HostIp,
      port: Number(HostPort),
    }));
  });
}

/** Paused, restarting and on their way out are neither: `unknown`. */
function statusOf(engineStatus: string): ServiceStatus {
  if (engineStatus === 'running') return 'running';
  return ['created', 'exited', 'dead', 'stopped', 'configured'].includes(engineStatus)
    ? 'stopped'
    : 'unknown';
}

function healthOf(text: string | undefined): Container['health'] {
  return text === 'healthy' || text === 'unhealthy' || text === 'starting' ? text : undefined;
}

/** The containers of one service as one state: running or stopped only when all of them are. */
export function serviceState(service: string, containers: readonly Container[]): ServiceState {
  const [first] = containers;
  if (first === undefined) return { service, status: 'missing' };
  const status = containers.every((one) => one.status === first.status) ? first.status : 'unknown';
  const health = (['unhealthy', 'starting', 'healthy'] as const).find((word) =>
    containers.some((one) => one.health === word),
  );
  const startedAt = containers
    .flatMap((one) => one.startedAt ?? [])
    .sort()
    .at(-1);
  return {
    service,
    status,
    ...(health && { health }),
    restarts: containers.reduce((sum, one) => sum + one.restarts, 0),
    image: first.imageName,
    ...(startedAt !== undefined && { startedAt }),
  };
}

/** The label that names the revision a container was made as. */
export const REVISION_LABEL = 'steady.revision';

function revisionOf({ labels }: Container): number | undefined {
  const number = Number(labels[REVISION_LABEL]);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** The containers of one service, in the order compose numbers them. */
export function instancesOf(containers: readonly Container[]): Instance[] {
  const numberOf = (one: Container): number => Number(one.labels['com.docker.compose.container-number'] ?? 0);
  return [...containers]
    .sort((a, b) => numberOf(a) - numberOf(b) || (a.name < b.name ? -1 : 1))
    .map((one) => {
      const { id, name, status, health, startedAt, image, imageName } = one;
      const revision = revisionOf(one);
      const addresses = one.hostNetwork ? { host: '127.0.0.1' } : one.addresses;
      return {
        id,
        name,
        start: `${id} ${startedAt ?? ''}`,
        status,
        image,
        imageName,
        ...(health && { health }),
        ...(startedAt !== undefined && { startedAt }),
        ...(revision !== undefined && { revision }),
        ...(Object.keys(addresses).length > 0 && { addresses }),
      };
    });
}
