import type { Image, Settings } from '../../contracts/stored/revision.js';
import type { PlacedTool, Tool } from '../../pipelines/tool.js';
import type { JobsPort } from './jobs-port.js';
import type { RolloutsPort } from './rollouts-port.js';

export type { Job, JobPlace, JobsPort, JobState } from './jobs-port.js';
export type { RolloutsPort, Scaler, Workload } from './rollouts-port.js';

export type ServiceStatus = 'running' | 'stopped' | 'missing' | 'unknown';

/** How a start command ended that did not end well. */
export interface StartFailure {
  readonly exit: number;
  /** The last lines it wrote. */
  readonly says?: string | undefined;
}

export interface ServiceState {
  readonly service: string;
  readonly status: ServiceStatus;
  /** The status is what was done here last; what others did since, nobody looked at. */
  readonly recorded?: boolean;
  /** The start command this runtime ran last, where it has failed since: also long after `start` took it for the server. */
  readonly failed?: StartFailure;
  /** Container health where one is defined. */
  readonly health?: 'healthy' | 'unhealthy' | 'starting';
  readonly restarts?: number;
  readonly image?: string;
  readonly startedAt?: string;
}

/** One container, pod or process of a service. */
export interface Instance {
  /** The same as long as it is the same container, unit or command. */
  readonly id: string;
  /** Another one each time it is started anew. */
  readonly start: string;
  /** For people, such as `rag-api-1`. */
  readonly name: string;
  readonly status: ServiceStatus;
  /** Nobody can look whether it runs: it was started, and more is not known. */
  readonly recorded?: boolean;
  readonly health?: ServiceState['health'];
  /** RFC 3339, by the clock of what runs it. */
  readonly startedAt?: string | undefined;
  readonly image?: string | undefined;
  /** As it was asked for when the instance was made. */
  readonly imageName?: string | undefined;
  /** The revision that it was made as; of what others made: none. */
  readonly revision?: number | undefined;
  /** Where it is reached, in each network that it is in. */
  readonly addresses?: Readonly<Record<string, string>> | undefined;
}

/** What instances are made of. */
export interface Version {
  readonly revision: number;
  readonly image: Image;
  readonly settings: Settings;
  /** The name that the image is kept under; of one that no registry knows it is what people can read. */
  readonly keptAs?: string | undefined;
}

/** Making instances of one version beside those of another; of what can have several of a service at a time. */
export interface InstancesPort {
  /**
   * Why two instances of a service cannot run at a time, a line each; none: they can. Fails with `service.failed` for a
   * service that is nowhere described.
   */
  obstacles(service: ServiceHandle, options?: CallOptions): Promise<string[]>;
  /** What an image is that is here, by its name or id; undefined when it is not. */
  findImage(name: string, options?: CallOptions): Promise<Image | undefined>;
  /**
   * Brings an image here and tells what it is; `image.missing` when it is nowhere. One that is here already is enough, but
   * with `pulled`.
   */
  fetchImage(
    name: string,
    options?: CallOptions & { readonly pulled?: boolean | undefined },
  ): Promise<Image & { readonly notes: readonly string[] }>;
  /** Gives the image a name of ours, so that it stays when a tag moves on and what has no name is removed. */
  keepImage(image: Image, name: string, options?: CallOptions): Promise<void>;
  /** Makes and starts instances until `count` of this version run. Leaves all others, and other services, alone. */
  grow(service: ServiceHandle, version: Version, count: number, options?: CallOptions): Promise<void>;
  /** Stops an instance, with the drain time before it is forced, and removes it; fine when it is gone already. */
  remove(service: ServiceHandle, id: string, options?: CallOptions): Promise<void>;
}

/** How a service of the stack is addressed: by its name, and on a host by its given commands. */
export interface ServiceHandle {
  readonly name: string;
  /** Compose service or container of the pod, when named otherwise. */
  readonly container?: string | undefined;
  /** Kubernetes: `deployment/api`. */
  readonly workload?: string | undefined;
  readonly start?: readonly string[] | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly unit?: string | undefined;
  readonly drainSeconds: number;
}

/** Free on the machine that containers run on, in bytes; what cannot be told is left out, with why. */
export interface Room {
  readonly disk?: number | undefined;
  readonly memory?: number | undefined;
  readonly unknown?: string | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface LogOptions extends CallOptions {
  readonly lines: number;
  /** Only what was written since, RFC 3339 by the clock of what runs it; where lines have no time, since the last start. */
  readonly since?: string | undefined;
  /** Only what was written before the last start. */
  readonly previous?: boolean | undefined;
}

/** A throwaway container for servers of our own: it stays until it is closed, or until this process has died. */
export interface Throwaway {
  /** For people, such as `a container of postgres:17`. */
  readonly label: string;
  /**
   * A tool inside it, as the user named (`name`, or `uid:gid`), else the image's. With `server` set its end is the end of
   * the container: a server hides its marker, see `endMarked`.
   */
  place(
    tool: Tool,
    options?: { readonly user?: string | undefined; readonly server?: boolean | undefined },
  ): PlacedTool;
  /** Removes it with all that runs and lies in it. Safe to call again. */
  close(): Promise<void>;
}

export interface ThrowawayOptions {
  readonly of:
    | {
        readonly service: string;
        /** Mounts the service's volumes at the same paths. */
        readonly volumes?: boolean | undefined;
        /** Joins the service's network namespace; else it has no network. */
        readonly network?: boolean | undefined;
      }
    | { readonly volume: string; readonly image?: string | undefined };
  readonly marker: string;
  readonly signal?: AbortSignal | undefined;
}

/** A TCP port of a container that its machine hands on. */
export interface PublishedPort {
  /** As the container has it. */
  readonly inside: number;
  /** Address of the machine; empty, `0.0.0.0` and `::` are all of them. */
  readonly address: string;
  readonly port: number;
}

/** What runs the services: compose (docker, nerdctl, podman), Kubernetes or the host itself. */
export interface RuntimePort {
  readonly kind: 'compose' | 'host' | 'kubernetes';
  /**
   * A tool placed where a service's data are: inside its container, or on this host when no service is named. `marker`
   * goes into the tool's environment as STEADY_MARKER, so that it can be found and ended inside.
   */
  place(tool: Tool, options: { readonly service?: string | undefined; readonly marker: string }): PlacedTool;
  /**
   * The tool in a throwaway container of the same image as the service, removed at its end, with the service's
   * volumes mounted (and its network when asked). On a host this is the same as `place` without a service.
   */
  placeBeside(
    tool: Tool,
    options: { readonly service: string; readonly marker: string; readonly network?: boolean },
  ): PlacedTool;
  /** A tool in a throwaway container with a named volume mounted at /volume (compose only). */
  placeOnVolume(
    tool: Tool,
    options: { readonly volume: string; readonly image?: string; readonly marker: string },
  ): PlacedTool;
  /**
   * Starts a throwaway container that tools run in one after another, without its image's entrypoint (compose only): of
   * the same image as a service, or with a named volume at /volume. What a worker's death leaves of it goes by
   * `endMarked`.
   */
  openThrowaway(options: ThrowawayOptions): Promise<Throwaway>;
  /**
   * Ends what tools whose marker begins with this one left running in that place, and throwaway containers of theirs
   * anywhere. Safe to repeat. A process that overwrites its environment for its title (redis-server, postgres) shows no
   * marker: servers of one's own belong in throwaway containers or under the death signal of `spawnTool`.
   */
  endMarked(options: { readonly service?: string | undefined; readonly marker: string }): Promise<void>;
  state(service: ServiceHandle, options?: CallOptions): Promise<ServiceState>;
  /** All services this runtime knows, in one call where it can; for `status`. */
  states(services: readonly ServiceHandle[], options?: CallOptions): Promise<ServiceState[]>;
  /** Ports of a service that runs, as its containers publish them; or it has the network of its machine. */
  published(
    service: ServiceHandle,
    options?: CallOptions,
  ): Promise<readonly PublishedPort[] | 'network of the host'>;
  /** Stops with the drain time before it is forced; fine when it is stopped already. */
  stop(service: ServiceHandle, options?: CallOptions): Promise<void>;
  /** Starts; fine when it runs already. Health is asked for separately. `create`: also one that was never made. */
  start(service: ServiceHandle, options?: CallOptions & { readonly create?: boolean }): Promise<void>;
  /** Those that are there, running or not, in the order they are numbered; none of a service that was never made. */
  instances(service: ServiceHandle, options?: CallOptions): Promise<Instance[]>;
  /** Left out where a service has one instance, for good, or its platform makes them. */
  readonly several?: InstancesPort | undefined;
  /** What is free where instances run; left out where nobody can tell. */
  readonly room?: ((options?: CallOptions) => Promise<Room>) | undefined;
  /** Left out where no job runs like a service does. */
  readonly jobs?: JobsPort | undefined;
  /** Where the platform rolls out by itself. */
  readonly rollouts?: RolloutsPort | undefined;
  /** Stops one instance, with the drain time before it is forced, and starts it again. */
  restart(service: ServiceHandle, id: string, options?: CallOptions): Promise<void>;
  /** The last lines of a service's log, of each of its instances. */
  logs(service: ServiceHandle, options: LogOptions): Promise<string>;
}
