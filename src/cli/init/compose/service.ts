/** A text of a compose file: as written, and as it is once its variables are replaced. */
export interface Written {
  readonly raw: string;
  readonly text: string;
  /** Whether each of its variables had a value or a default. */
  readonly known: boolean;
  /** The env file it comes from; undefined for the compose file itself. */
  readonly envFile?: string | undefined;
}

/** A mount of a service, by short or long syntax. */
export interface ComposeMount {
  readonly type: 'volume' | 'bind' | 'anonymous';
  /** Name of the volume, or absolute path on the host; empty for an anonymous volume. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface ComposeDependency {
  readonly name: string;
  readonly required: boolean;
  /** Waited for until it has ended: a job, not a service. */
  readonly job: boolean;
}

/** A service of a compose project, whichever of the many forms was used, with all that it extends and overrides. */
export interface ComposeService {
  readonly name: string;
  readonly image: string;
  readonly environment: Readonly<Record<string, Written>>;
  /** Env files that are named and cannot be read. */
  readonly missingEnvFiles: readonly string[];
  /** `entrypoint` and `command`, as one text each. */
  readonly commands: readonly Written[];
  readonly dependsOn: readonly ComposeDependency[];
  readonly mounts: readonly ComposeMount[];
  /** Port of the host by port of the container. */
  readonly ports: Readonly<Record<string, string>>;
  readonly healthTest: string;
  /** Started only with one of its profiles, none of which is switched on. */
  readonly byProfileOnly: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Names under which other services reach it. */
  readonly hosts: readonly string[];
}

/** All that Compose makes of the files of a project. */
export interface ComposeProject {
  /** As COMPOSE_PROJECT_NAME says it. */
  readonly name?: string | undefined;
  /** As the top-level `name` of the files says it. */
  readonly ownName?: string | undefined;
  readonly services: readonly ComposeService[];
  /** Full name of each volume for the engine; undefined: the project's name before its own. */
  readonly volumes: Readonly<Record<string, string | undefined>>;
  readonly secrets: Readonly<Record<string, { readonly file?: string; readonly environment?: string }>>;
  /** Folder of the first file: relative paths begin there, and the project is called after it. */
  readonly folder: string;
}

/** What a service's environment gives for a name. */
export const valueIn = (service: ComposeService, name: string): string | undefined =>
  service.environment[name]?.text;

/** All its commands as one text, as written. */
export const commandText = (service: ComposeService): string =>
  service.commands.map((command) => command.raw).join(' ');
