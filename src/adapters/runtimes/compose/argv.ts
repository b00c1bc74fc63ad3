import type { ComposeRuntimeConfig } from '../../../contracts/stack/runtime.js';

/** A command as words; pure, so that each is tested without a process. */
export type Argv = readonly [string, ...string[]];

/** Which compose and which engine. `files` may be empty: the tool then looks for them itself. */
export type ComposeTarget = Pick<
  ComposeRuntimeConfig,
  'tool' | 'namespace' | 'files' | 'project' | 'envFile' | 'host'
>;

/** Environment for a process in a container: plain values, and names whose values come from the client's own environment. */
export interface ContainerEnv {
  readonly values?: Readonly<Record<string, string>> | undefined;
  readonly names?: readonly string[] | undefined;
}

/** The engine's own command, without compose: `docker`, `nerdctl --namespace x`, `podman`. */
export function engine(target: ComposeTarget): Argv {
  if (target.tool === 'nerdctl') return ['nerdctl', ...option('--namespace', target.namespace)];
  return [target.tool === 'podman' ? 'podman' : 'docker'];
}

/** The compose command with its files, project and env file. */
export function compose(target: ComposeTarget): Argv {
  const program: Argv =
    target.tool === 'docker-compose' ? ['docker-compose'] : [...engine(target), 'compose'];
  return [
    ...program,
    ...target.files.flatMap((file) => ['-f', file]),
    ...option('-p', target.project),
    ...option('--env-file', target.envFile),
  ];
}

/** How the client is told another engine than the default: a variable, since compose has no flag for it. */
export function engineEnv(target: ComposeTarget): Record<string, string> {
  if (target.host === undefined) return {};
  const name = {
    nerdctl: 'CONTAINERD_ADDRESS',
    podman: 'CONTAINER_HOST',
    docker: 'DOCKER_HOST',
    'docker-compose': 'DOCKER_HOST',
  };
  return { [name[target.tool]]: target.host };
}

/** `exec -T`: without a terminal, so that bytes come through as they are. */
export function composeExec(
  target: ComposeTarget,
  to: { service: string; argv: readonly string[]; env?: ContainerEnv },
): Argv {
  return [...compose(target), 'exec', '-T', ...envFlags(to.env), to.service, ...to.argv];
}

export function composeStop(
  target: ComposeTarget,
  to: { services: readonly string[]; drainSeconds?: number },
): Argv {
  const drain = to.drainSeconds === undefined ? undefined : String(Math.ceil(to.drainSeconds));
  return [...compose(target), 'stop', ...option('-t', drain), ...to.services];
}

export function composeStart(target: ComposeTarget, to: { services: readonly string[] }): Argv {
  return [...compose(target), 'start', ...to.services];
}

/** Makes what is not there and starts it, leaving all that is, and what it depends on, as they are. */
export function composeUp(target: ComposeTarget, to: { services: readonly string[] }): Argv {
  // nerdctl has no --no-deps: what it would start besides runs already, since that is started first.
  const alone = target.tool === 'nerdctl' ? [] : ['--no-deps'];
  return [...compose(target), 'up', '-d', ...alone, '--no-recreate', ...to.services];
}

/**
 * Makes containers until there are `count`, leaving those that are there, running or not, as they are, and everything
 * else too.
 */
export function composeScale(target: ComposeTarget, to: { service: string; count: number }): Argv {
  const alone = target.tool === 'nerdctl' ? [] : ['--no-deps'];
  const scale = `${to.service}=${to.count}`;
  return [
    ...compose(target),
    'up',
    '-d',
    ...alone,
    '--no-recreate',
    '--no-build',
    '--scale',
    scale,
    to.service,
  ];
}

/** The whole project as YAML, with all files merged and variables filled in: JSON is docker's alone. */
export function composeConfig(target: ComposeTarget): Argv {
  return [...compose(target), 'config'];
}

/** Containers of the project; with `ids` also those that do not run, as ids alone. */
export function composePs(target: ComposeTarget, to: { ids?: boolean } = {}): Argv {
  // v1 and podman-compose know no -a: their -q lists stopped containers anyway.
  const all = target.tool === 'docker' || target.tool === 'nerdctl' ? ['-a'] : [];
  return [...compose(target), 'ps', ...(to.ids ? [...all, '-q'] : [])];
}

/** A service's last lines, without the container's name before each; `lines` left out gives all. */
export function composeLogs(target: ComposeTarget, to: { service: string; lines?: number }): Argv {
  const tail = to.lines === undefined ? [] : [`--tail=${to.lines}`];
  return [...compose(target), 'logs', to.service, ...tail, '--no-log-prefix', '--no-color'];
}

export function containerExec(
  target: ComposeTarget,
  to: {
    container: string;
    argv: readonly string[];
    stdin?: boolean;
    env?: ContainerEnv;
    user?: string | undefined;
  },
): Argv {
  const flags = [...(to.stdin ? ['-i'] : []), ...envFlags(to.env), ...option('--user', to.user)];
  return [...engine(target), 'exec', ...flags, to.container, ...to.argv];
}

/** `since` and `until` are RFC 3339. */
export function containerLogs(
  target: ComposeTarget,
  to: { container: string; lines?: number; since?: string | undefined; until?: string | undefined },
): Argv {
  return [
    ...engine(target),
    'logs',
    to.container,
    ...(to.lines === undefined ? [] : ['--tail', String(to.lines)]),
    ...option('--since', to.since),
    ...option('--until', to.until),
  ];
}

/** Containers of the engine; with labels as ids alone, stopped ones too. */
export function containerPs(target: ComposeTarget, to: { labels?: readonly string[] } = {}): Argv {
  if (to.labels === undefined) return [...engine(target), 'ps'];
  return [
    ...engine(target),
    'ps',
    '-a',
    '-q',
    '--no-trunc',
    ...to.labels.flatMap((label) => ['--filter', `label=${label}`]),
  ];
}

export function containerRestart(
  target: ComposeTarget,
  to: { container: string; drainSeconds: number },
): Argv {
  return [...engine(target), 'restart', '-t', String(Math.ceil(to.drainSeconds)), to.container];
}

export function containerStop(target: ComposeTarget, to: { container: string; drainSeconds: number }): Argv {
  return [...engine(target), 'stop', '-t', String(Math.ceil(to.drainSeconds)), to.container];
}

/** What the engine tells of itself, as JSON. */
export function engineInfo(target: ComposeTarget): Argv {
  const format = target.tool === 'podman' ? 'json' : '{{json .}}';
  return [...engine(target), 'info', '--format', format];
}

export function imageInspect(target: ComposeTarget, image: string): Argv {
  return [...engine(target), 'image', 'inspect', image];
}

export function imagePull(target: ComposeTarget, image: string): Argv {
  return [...engine(target), 'pull', image];
}

export function imageTag(target: ComposeTarget, to: { image: string; name: string }): Argv {
  return [...engine(target), 'tag', to.image, to.name];
}

export function containerInspect(target: ComposeTarget, ids: readonly string[]): Argv {
  return [...engine(target), 'container', 'inspect', ...ids];
}

/** With the volumes that have no name: images that declare one get it in every container, throwaway ones too. */
export function containerRemove(target: ComposeTarget, ids: readonly string[]): Argv {
  return [...engine(target), 'rm', '-f', '-v', ...ids];
}

export function volumeInspect(target: ComposeTarget, volume: string): Argv {
  return [...engine(target), 'volume', 'inspect', volume];
}

export interface ThrowawayContainer {
  readonly name?: string;
  readonly labels?: readonly string[];
  readonly env?: ContainerEnv;
  readonly user?: string | undefined;
  /** Containers whose volumes are mounted at the same paths. */
  readonly volumesFrom?: string;
  /** `name:/path` or `/folder:/path`. */
  readonly volumes?: readonly string[];
  /** A network's name, `none`, or `container:ID` for another container's own. */
  readonly network?: string;
  /** Takes the place of the image's entrypoint, which may prepare things a throwaway container must not. */
  readonly entrypoint?: string;
  readonly stdin?: boolean;
  readonly image: string;
  readonly argv: readonly string[];
}

/** `run --rm`: a container that is gone when its process has ended. */
export function containerRun(target: ComposeTarget, to: ThrowawayContainer): Argv {
  return [
    ...engine(target),
    'run',
    '--rm',
    ...(to.stdin ? ['-i'] : []),
    ...option('--name', to.name),
    ...(to.labels ?? []).flatMap((label) => ['--label', label]),
    ...envFlags(to.env),
    ...option('--user', to.user),
    ...option('--volumes-from', to.volumesFrom),
    ...(to.volumes ?? []).flatMap((volume) => ['-v', volume]),
    ...option('--network', to.network),
    ...option('--entrypoint', to.entrypoint),
    to.image,
    ...to.argv,
  ];
}

export function envFlags(env: ContainerEnv = {}): string[] {
  const values = Object.entries(env.values ?? {}).map(([name, value]) => `${name}=${value}`);
  return [...values, ...(env.names ?? [])].flatMap((variable) => ['-e', variable]);
}

function option(flag: string, value: string | undefined): string[] {
  return value === undefined || value === '' ? [] : [flag, value];
}
