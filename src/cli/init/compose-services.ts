import { COMPOSE_SERVICE_PATTERN } from '../../contracts/stack/units.js';
import { interpolate } from './interpolate.js';

/** A mount of a service, by short or long syntax. */
export interface ComposeMount {
  readonly type: 'volume' | 'bind';
  /** Name of the volume, or path on the host. */
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

/** A service of a compose file, whichever of its forms was used. */
export interface ComposeService {
  readonly name: string;
  readonly image: string;
  /** As written, variables not replaced. */
  readonly environment: Readonly<Record<string, string>>;
  readonly hasEnvFile: boolean;
  /** `command` and `entrypoint` as one text each, as written. */
  readonly commands: readonly string[];
  readonly dependsOn: readonly ComposeDependency[];
  readonly mounts: readonly ComposeMount[];
  /** Port of the host by port of the container. */
  readonly ports: Readonly<Record<string, string>>;
  readonly healthTest: string;
  readonly profiles: readonly string[];
  readonly restart: string;
  readonly secrets: readonly string[];
}

type Mapping = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string>>;

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
const textOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : '';

/** The services of a compose file's content; names that Compose refuses are passed over. */
export function composeServices(compose: Mapping, known: Environment): ComposeService[] {
  const services = isMapping(compose['services']) ? compose['services'] : {};
  return Object.entries(services).flatMap(([name, value]) =>
    isMapping(value) && COMPOSE_SERVICE_PATTERN.test(name) ? [serviceOf(name, value, known)] : [],
  );
}

function serviceOf(name: string, service: Mapping, known: Environment): ComposeService {
  const plain = (value: unknown) => interpolate(textOf(value), known).text;
  const health = isMapping(service['healthcheck']) ? service['healthcheck'] : {};
  return {
    name,
    image: plain(service['image']),
    environment: environmentOf(service['environment']),
    hasEnvFile: listOf(service['env_file']).length > 0,
    commands: [service['command'], service['entrypoint']]
      .map((part) => listOf(part).map(textOf).join(' '))
      .filter(Boolean),
    dependsOn: dependenciesOf(service['depends_on']),
    mounts: listOf(service['volumes']).flatMap((mount) => mountOf(mount, plain)),
    ports: Object.fromEntries(listOf(service['ports']).flatMap((port) => portOf(port, plain))),
    healthTest: listOf(health['test']).map(textOf).join(' '),
    profiles: listOf(service['profiles']).map(textOf).filter(Boolean),
    restart: plain(service['restart']),
    secrets: listOf(service['secrets']).map((one) => textOf(isMapping(one) ? one['source'] : one)),
  };
}

function environmentOf(value: unknown): Record<string, string> {
  if (isMapping(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, item === null ? `\${${key}}` : textOf(item)]),
    );
  }
  return Object.fromEntries(
    listOf(value).map((item) => {
      const [key = '', ...rest] = textOf(item).split('=');
      // A name alone takes its value from the environment of compose.
      return [key, rest.length === 0 ? `\${${key}}` : rest.join('=')];
    }),
  );
}

function dependenciesOf(value: unknown): ComposeDependency[] {
  if (!isMapping(value))
    return listOf(value).map((name) => ({ name: textOf(name), required: true, job: false }));
  return Object.entries(value).map(([name, options]) => ({
    name,
    required: !(isMapping(options) && options['required'] === false),
    job: isMapping(options) && options['condition'] === 'service_completed_successfully',
  }));
}

function mountOf(value: unknown, plain: (value: unknown) => string): ComposeMount[] {
  if (isMapping(value)) {
    const [type, source, target] = [plain(value['type']), plain(value['source']), plain(value['target'])];
    if ((type !== 'volume' && type !== 'bind') || source === '' || target === '') return [];
    return [{ type, source, target, readOnly: value['read_only'] === true }];
  }
  const [source = '', target, mode = ''] = plain(value).split(':');
  if (target === undefined || source === '') return [];
  const type = /^[./~\\]/.test(source) ? 'bind' : 'volume';
  return [{ type, source, target, readOnly: mode.split(',').includes('ro') }];
}

function portOf(value: unknown, plain: (value: unknown) => string): [string, string][] {
  if (isMapping(value)) {
    const [target, published] = [plain(value['target']), plain(value['published'])];
    return target !== '' && published !== '' ? [[target, published]] : [];
  }
  const parts = plain(value).split('/')[0]?.split(':') ?? [];
  const [published, target] = parts.slice(-2);
  return published !== undefined && target !== undefined && published !== '' ? [[target, published]] : [];
}
