import { resolve } from 'node:path';
import type { Variables } from './interpolate.js';
import { mountOf, portOf } from './mounts.js';
import type { ComposeDependency, ComposeMount, Written } from './service.js';
import { byName, isMapping, listOf, mappingOf, pairsOf, textOf, written } from './values.js';

/** A service as one file has it: its fields in one form each, its paths absolute. */
export interface ServicePart {
  readonly image?: string | undefined;
  readonly environment: Readonly<Record<string, Written>>;
  readonly env_file: readonly string[];
  readonly entrypoint?: Written | undefined;
  readonly command?: Written | undefined;
  readonly depends_on: Readonly<Record<string, ComposeDependency>>;
  /** By their targets. */
  readonly volumes: Readonly<Record<string, ComposeMount>>;
  readonly volumes_from: readonly string[];
  readonly ports: Readonly<Record<string, string>>;
  readonly healthcheck?: string | undefined;
  readonly profiles: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly hosts: readonly string[];
  readonly extends?: { readonly service: string; readonly file?: string | undefined } | undefined;
  /** Fields that `!reset` or `!override` take as they are here, without what was there before. */
  readonly replaced: ReadonlySet<string>;
}

export interface ServicePlace {
  readonly folder: string;
  readonly variables: Variables;
  readonly replaced: ReadonlySet<string>;
}

export function readService(service: Readonly<Record<string, unknown>>, place: ServicePlace): ServicePart {
  const { folder, variables, replaced } = place;
  const plain = (value: unknown): string => written(textOf(value), variables).text;
  const path = (value: unknown): string => resolve(folder, plain(value));
  const mounts = listOf(service['volumes']).flatMap(
    (mount) => mountOf(mount, { folder, home: variables['HOME'], plain }) ?? [],
  );
  const health = mappingOf(service['healthcheck']);
  const extended = service['extends'];
  return {
    image: service['image'] === undefined ? undefined : plain(service['image']),
    environment: byName(
      pairsOf(service['environment']).map(([key, value]) => [key, environmentValue(key, value, variables)]),
    ),
    env_file: listOf(service['env_file']).map((one) => path(isMapping(one) ? one['path'] : one)),
    entrypoint: commandOf(service['entrypoint'], variables),
    command: commandOf(service['command'], variables),
    depends_on: byName(dependenciesOf(service).map((one) => [one.name, one])),
    volumes: byName(mounts.map((mount) => [mount.target, mount])),
    volumes_from: listOf(service['volumes_from']).map(plain),
    ports: byName(listOf(service['ports']).flatMap((port) => portOf(port, plain))),
    healthcheck: healthTest(health),
    profiles: listOf(service['profiles']).map(plain).filter(Boolean),
    labels: byName(pairsOf(service['labels']).map(([key, value]) => [key, plain(value)])),
    hosts: hostsOf(service, plain),
    extends: extendsOf(extended, path),
    replaced,
  };
}

/** A name alone takes its value from the environment of compose. */
function environmentValue(key: string, value: string | undefined, variables: Variables): Written {
  return written(value ?? `\${${key}}`, variables);
}

function commandOf(value: unknown, variables: Variables): Written | undefined {
  const words = listOf(value).map(textOf);
  return words.length === 0 ? undefined : written(words.join(' '), variables);
}

function healthTest(health: Readonly<Record<string, unknown>>): string | undefined {
  if (health['disable'] === true) return '';
  return health['test'] === undefined ? undefined : listOf(health['test']).map(textOf).join(' ');
}

/** `depends_on`, and what is a dependency for Compose all the same: links, and the network or processes of another. */
function dependenciesOf(service: Readonly<Record<string, unknown>>): ComposeDependency[] {
  const always = (name: string): ComposeDependency => ({ name, required: true, job: false });
  const links = listOf(service['links']).map((link) => textOf(link).split(':')[0] ?? '');
  const joined = ['network_mode', 'ipc', 'pid'].flatMap(
    (field) => /^service:(.+)$/.exec(textOf(service[field]))?.[1] ?? [],
  );
  const needs = service['depends_on'];
  const said = isMapping(needs)
    ? Object.entries(needs).map(([name, options]) => ({
        name,
        required: !(isMapping(options) && options['required'] === false),
        job: isMapping(options) && options['condition'] === 'service_completed_successfully',
      }))
    : listOf(needs).map((name) => always(textOf(name)));
  return [...links.map(always), ...joined.map(always), ...said].filter(({ name }) => name !== '');
}

function hostsOf(service: Readonly<Record<string, unknown>>, plain: (value: unknown) => string): string[] {
  const networks = Object.values(mappingOf(service['networks'])).flatMap((network) =>
    listOf(mappingOf(network)['aliases']).map(plain),
  );
  return [plain(service['container_name']), plain(service['hostname']), ...networks].filter(Boolean);
}

function extendsOf(value: unknown, path: (value: unknown) => string): ServicePart['extends'] {
  if (!isMapping(value)) return textOf(value) === '' ? undefined : { service: textOf(value) };
  const service = textOf(value['service']);
  if (service === '') return undefined;
  return { service, file: value['file'] === undefined ? undefined : path(value['file']) };
}
