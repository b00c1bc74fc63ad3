import { dirname, resolve } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { parseEnvText } from './env-file.js';
import { interpolate, type Variables } from './interpolate.js';
import { mergeServices } from './merge-services.js';
import { readComposeFile, type ReadText } from './read-file.js';
import type { ServicePart } from './read-service.js';
import type { ComposeProject } from './service.js';
import { servicesOf } from './services-of.js';
import { byName, isMapping, listOf, mappingOf, textOf, type Mapping } from './values.js';

export interface LoadOptions {
  /** Absolute paths, a later one over an earlier one. */
  readonly files: readonly string[];
  readonly read: ReadText;
  /** That of the shell: it counts before `.env`. */
  readonly environment: Variables;
  /** A path as messages show it. */
  readonly shown?: (path: string) => string;
}

/** Services, and what else the top level of some files has, joined. */
interface Layer {
  readonly services: Readonly<Record<string, ServicePart>>;
  readonly volumes: ComposeProject['volumes'];
  readonly secrets: ComposeProject['secrets'];
  readonly name?: string | undefined;
}

interface Around extends Required<LoadOptions> {
  readonly variables: Variables;
  /** Where relative paths begin, when an `include` says so. */
  readonly folder?: string | undefined;
  /** Files on the way here: none may lead back to itself. */
  readonly within: readonly string[];
}

/**
 * Reads a compose project without an engine, as `docker compose config` would: `.env`, variables, anchors, `extends`,
 * `include`, overrides, env files and profiles. Throws `usage.invalid` and `config.invalid`, with places.
 */
export function loadComposeProject(options: LoadOptions): ComposeProject {
  const shown = options.shown ?? ((path: string) => path);
  const folder = dirname(options.files[0] ?? '');
  const variables = withEnvFile(resolve(folder, '.env'), options.environment, options.read);
  const around: Around = { ...options, shown, variables, within: [] };
  const layer = loadFiles(options.files, { ...around, folder });
  const profiles = (variables['COMPOSE_PROFILES'] ?? '').split(',').map((one) => one.trim());
  const { name, volumes, secrets } = layer;
  const services = servicesOf(layer.services, { ...around, profiles: new Set(profiles.filter(Boolean)) });
  const project = variables['COMPOSE_PROJECT_NAME'] ?? '';
  return { name: project === '' ? undefined : project, ownName: name, services, volumes, secrets, folder };
}

const withEnvFile = (path: string, known: Variables, read: ReadText): Variables => ({
  ...parseEnvText(read(path) ?? '', known),
  ...known,
});

/** Some files over each other, each with what it includes below it. */
function loadFiles(files: readonly string[], around: Around): Layer {
  return files.map((file) => loadFile(file, around)).reduce(over);
}

function loadFile(path: string, around: Around): Layer {
  if (around.within.includes(path))
    throw new SteadyError('usage.invalid', {
      file: around.shown(path),
      error: 'the files include each other in a circle',
    });
  const { content, services } = readComposeFile(path, around);
  const inside = { ...around, within: [...around.within, path] };
  const extended = byName(
    Object.entries(services).map(([name, part]) => [
      name,
      extend(part, services, { ...inside, path, names: [name] }),
    ]),
  );
  const folder = around.folder ?? dirname(path);
  const plain = (value: unknown): string => interpolate(textOf(value), around.variables).text;
  const named = plain(content['name']);
  const own: Layer = {
    services: extended,
    volumes: byName(
      Object.entries(mappingOf(content['volumes'])).map(([key, value]) => [
        key,
        volumeName(key, value, plain),
      ]),
    ),
    secrets: byName(
      Object.entries(mappingOf(content['secrets'])).map(([key, value]) => [
        key,
        secretOf(mappingOf(value), folder, plain),
      ]),
    ),
    name: named === '' ? undefined : named,
  };
  const included = listOf(content['include']).map((one) => include(one, path, inside));
  return [...included, own].reduce(over);
}

function over(below: Layer, above: Layer): Layer {
  const services = { ...below.services };
  for (const [name, part] of Object.entries(above.services)) {
    const under = Object.hasOwn(services, name) ? services[name] : undefined;
    services[name] = under ? mergeServices(under, part) : part;
  }
  return {
    services,
    volumes: byName([...Object.entries(below.volumes), ...Object.entries(above.volumes)]),
    secrets: byName([...Object.entries(below.secrets), ...Object.entries(above.secrets)]),
    name: above.name ?? below.name,
  };
}

/** What `include` names is a project of its own: with its own folder and its own `.env`. */
function include(value: unknown, from: string, around: Around): Layer {
  const base = around.folder ?? dirname(from);
  const path = (one: unknown): string => resolve(base, interpolate(textOf(one), around.variables).text);
  const options = isMapping(value) ? value : { path: value };
  const files = listOf(options['path']).map(path);
  const folder =
    options['project_directory'] === undefined
      ? dirname(files[0] ?? from)
      : path(options['project_directory']);
  const envFiles =
    options['env_file'] === undefined ? [resolve(folder, '.env')] : listOf(options['env_file']).map(path);
  const variables = envFiles.reduce<Variables>(
    (known, file) => withEnvFile(file, known, around.read),
    around.variables,
  );
  const { name: _, ...layer } = loadFiles(files, { ...around, variables, folder });
  return layer;
}

/** A service over what it extends, in this file or another one. */
function extend(
  part: ServicePart,
  beside: Readonly<Record<string, ServicePart>>,
  around: Around & { path: string; names: readonly string[] },
): ServicePart {
  const from = part.extends;
  if (from === undefined) return part;
  const file = from.file ?? around.path;
  const elsewhere = file !== around.path;
  const step = `${file} ${from.service}`;
  const services = elsewhere ? readComposeFile(file, { ...around, folder: dirname(file) }).services : beside;
  const base = Object.hasOwn(services, from.service) ? services[from.service] : undefined;
  if (base === undefined || around.names.includes(step))
    throw new SteadyError('usage.invalid', {
      file: around.shown(file),
      extends: from.service,
      error: base ? 'the services extend each other in a circle' : 'no such service',
    });
  const below = extend(base, services, { ...around, path: file, names: [...around.names, step] });
  return mergeServices({ ...below, extends: undefined }, { ...part, extends: undefined });
}

/** A volume's own name for the engine: its `name`, or its key when it is external. */
function volumeName(key: string, value: unknown, plain: (value: unknown) => string): string | undefined {
  const options = mappingOf(value);
  const { external } = options;
  const said = plain(isMapping(external) ? (external['name'] ?? options['name']) : options['name']);
  if (said !== '') return said;
  return external === undefined || external === null || external === false ? undefined : key;
}

function secretOf(secret: Mapping, folder: string, plain: (value: unknown) => string) {
  if (typeof secret['environment'] === 'string') return { environment: secret['environment'] };
  return typeof secret['file'] === 'string' ? { file: resolve(folder, plain(secret['file'])) } : {};
}
