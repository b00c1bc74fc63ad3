import { findCycle } from '../../contracts/stack/dependencies.js';
import { SteadyError } from '../../contracts/failures.js';
import { inOrder, StackFileError } from '../../config/problems.js';
import { readYaml } from '../../config/read-yaml.js';
import { composeServices, isMapping, type ComposeService } from './compose-services.js';
import { daysOfCleanUp } from './find-retention.js';
import { findNeeds, guessHealth } from './find-services.js';
import { postgresStore, redisStore, type Surroundings } from './find-stores.js';
import { findVolumes } from './find-volumes.js';
import { createNames, projectName, slug } from './names.js';
import type { ProposedService, ProposedStore, Proposal } from './proposal.js';
import { looksLikeBackup, otherDatabase, storeKind } from './recognise.js';
import { writeSteadyYaml } from './write-steady-yaml.js';

export interface InitOptions {
  /** Name of the compose file, relative to the stack file. */
  readonly fileName: string;
  /** Absolute path of the compose file's folder. */
  readonly folder: string;
  /** age recipients of the proof worker and of the key kept offline; left out: encryption is proposed as a comment. */
  readonly recipients?: { readonly proof: string; readonly offline: string } | undefined;
  /** Where the proof worker's identity was written. */
  readonly identityFile?: string | undefined;
  /** Variables known for interpolation, such as those of `.env`; values of secrets are never written. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** IANA zone; default UTC. */
  readonly timezone?: string | undefined;
}

export interface InitResult {
  /** Text of a valid steady.yaml. */
  readonly yaml: string;
  /** What a person should look at, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Proposes a steady.yaml for a compose file. Throws `config.invalid` with places when the compose file is no YAML or
 * names no services, `usage.invalid` when nothing in it holds data.
 */
export function initFromCompose(composeText: string, options: InitOptions): InitResult {
  const compose = readCompose(composeText, options.fileName);
  const known = options.environment ?? {};
  const services = composeServices(compose, known);
  const ownName = typeof compose['name'] === 'string' ? compose['name'] : undefined;
  const project = ownName ?? projectName(options.folder);
  const notes: string[] = [];
  const note = (text: string) => void (notes.includes(text) || notes.push(text));
  const nameOf = createNames();

  const stores: ProposedStore[] = [];
  const names = new Map<string, string>();
  const around: Surroundings = {
    known,
    secrets: compose['secrets'],
    folder: options.folder,
    note,
    variable: variables(),
  };
  const databases = services.filter((service) => storeKind(service) !== undefined);
  for (const service of databases) {
    const name = nameOf(service.name, 'store');
    names.set(service.name, name);
    const found =
      storeKind(service) === 'postgres' ? postgresStore(service, around) : redisStore(service, around);
    stores.push({ name, found });
  }
  const others = services.filter((service) => storeKind(service) === undefined);
  const jobs = new Set(
    services.flatMap((service) => service.dependsOn.filter((one) => one.job).map((one) => one.name)),
  );
  const leftOut = (service: ComposeService) => service.profiles.length > 0 || jobs.has(service.name);
  const running = others.filter((service) => !leftOut(service));
  for (const service of running) names.set(service.name, nameOf(service.name, 'service'));

  for (const found of findVolumes(
    running.filter((service) => !looksLikeBackup(service)),
    compose,
    { project, known, folder: options.folder },
  )) {
    const base = found.source.replace(/^[./~]+/, '');
    stores.push({ name: nameOf(base === '' ? 'files' : base, 'files'), found });
  }
  tellOthers(others, leftOut, note);
  const active = chooseActive(stores, note);
  if (active.length === 0) {
    const reason = 'no PostgreSQL, Redis, volume or data folder found';
    throw new SteadyError('usage.invalid', { file: options.fileName, services: services.length, reason });
  }

  const storeServices = new Set(databases.map((service) => service.name));
  const proposed = running.map((service): ProposedService => {
    const files = active.filter(
      ({ found }) => found.kind === 'files' && found.services.includes(service.name),
    );
    const needs = findNeeds(service, names, storeServices, known);
    const guessed = needs.filter((need) => need.guessed).map((need) => need.name);
    if (guessed.length > 0)
      note(`${service.name}: needs ${guessed.join(', ')}, guessed from its environment`);
    return {
      name: names.get(service.name) ?? service.name,
      container: service.name,
      needs: [...needs, ...files.map(({ name }) => ({ name, optional: false }))],
      healthUrl: guessHealth(service),
    };
  });
  const days = daysOfCleanUp(services);
  const proposal: Proposal = {
    stack: slug(project, 'stack'),
    timezone: options.timezone ?? 'UTC',
    composeFile: options.fileName,
    project: ownName === undefined && project !== '' ? project : undefined,
    stores: active,
    proposedStores: stores.filter((store) => !active.includes(store)),
    services: withoutCycles(proposed, note),
    leftOutServices: others.filter(leftOut).map((service) => service.name),
    keepDays: days,
    recipients: options.recipients,
    identityFile: options.identityFile,
  };
  return { yaml: writeSteadyYaml(proposal), notes };
}

function readCompose(text: string, file: string): Readonly<Record<string, unknown>> {
  const { value, problems, usable } = readYaml(text, file, { tags: 'ignored' });
  if (!usable) throw new StackFileError(file, inOrder(problems));
  if (isMapping(value) && isMapping(value['services'])) return value;
  throw new StackFileError(file, [
    { file, line: 1, column: 1, field: 'services', message: 'no services: not a compose file' },
  ]);
}

function variables(): Surroundings['variable'] {
  const taken = new Set<string>();
  return (service, usual) => {
    const own = `${service.name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}_${usual}`;
    const name = taken.has(usual) ? own : usual;
    taken.add(name);
    return name;
  };
}

function tellOthers(
  services: readonly ComposeService[],
  leftOut: (service: ComposeService) => boolean,
  note: (text: string) => void,
): void {
  for (const service of services) {
    const database = otherDatabase(service);
    if (database)
      note(`${service.name}: ${database} has no store of its own yet; it is not backed up by this file`);
    if (looksLikeBackup(service))
      note(`${service.name}: looks like a backup job; switch it off after the first proof of ours`);
    if (leftOut(service)) note(`${service.name}: left out, as it runs by profile or as a job only`);
  }
}

/** Doubtful places are only proposed, unless there is nothing else. */
function chooseActive(stores: readonly ProposedStore[], note: (text: string) => void): ProposedStore[] {
  const sure = stores.filter(({ found }) => found.kind !== 'files' || found.doubt === undefined);
  if (sure.length > 0) return sure;
  for (const { name } of stores)
    note(`${name}: archived as files, with its services stopped meanwhile; look at it first`);
  return [...stores];
}

/** Compose refuses cycles itself; one that comes in all the same is cut by making an edge optional. */
function withoutCycles(
  services: readonly ProposedService[],
  note: (text: string) => void,
): ProposedService[] {
  let list = [...services];
  for (;;) {
    const asStack = Object.fromEntries(list.map((service) => [service.name, { needs: [...service.needs] }]));
    const cycle = findCycle({ stores: {}, services: asStack as never });
    if (!cycle) return list;
    const [from, to] = [cycle[0], cycle[1]];
    note(`${cycle.join(' -> ')}: these need each other in a circle; ${from} needs ${to} was made optional`);
    list = list.map((service) => {
      if (service.name !== from) return service;
      return {
        ...service,
        needs: service.needs.map((need) => (need.name === to ? { ...need, optional: true } : need)),
      };
    });
  }
}
