import { isAbsolute, join, relative } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';
import type { ComposeProject, ComposeService } from './compose/service.js';
import { cutCycles } from './cut-cycles.js';
import { findStores } from './find-stores.js';
import { daysOfCleanUp } from './find-retention.js';
import { findNeeds, guessHealth, type Known } from './find-services.js';
import { findVolumes } from './find-volumes.js';
import { createNames, projectName, slug } from './names.js';
import type { OldDumps, OtherBackups } from './other-backups.js';
import type { ProposedService, ProposedStore, Proposal } from './proposal.js';
import { looksLikeBackup } from './recognise.js';
import { notesOf } from './notes.js';
import { archivedOf, servicesWithoutStore } from './without-store.js';
import { writeSteadyYaml } from './write-steady-yaml.js';

export interface InitOptions {
  /** Names of the compose files, relative to the stack file. */
  readonly fileNames: readonly string[];
  /** age recipients of the proof worker and of the key kept offline; left out: encryption is proposed as a comment. */
  readonly recipients?: { readonly proof: string; readonly offline: string } | undefined;
  /** Where the proof worker's identity was written. */
  readonly identityFile?: string | undefined;
  /** Backups beside ours that no compose file names: cron lines, folders with dumps. */
  readonly otherBackups?: OtherBackups | undefined;
  /** IANA zone; default UTC. */
  readonly timezone?: string | undefined;
}

export interface InitResult {
  /** Text of a valid steady.yaml. */
  readonly yaml: string;
  /** What a person should look at, a sentence each. */
  readonly notes: readonly string[];
  /** Variables to set where the worker runs. */
  readonly secrets: readonly string[];
}

/** Proposes a steady.yaml for a compose project. Throws `usage.invalid` when nothing in it holds data. */
export function initFromCompose(project: ComposeProject, options: InitOptions): InitResult {
  const { services, folder } = project;
  const prefix = project.name ?? project.ownName ?? projectName(folder);
  const notes: string[] = [];
  const note = (text: string) => void (notes.includes(text) || notes.push(text));
  const nameOf = createNames();

  const jobs = new Set(
    services.flatMap((service) => service.dependsOn.filter((one) => one.job).map((one) => one.name)),
  );
  const databases = findStores(project, { nameOf, note });
  const known = new Map<string, Known>(databases.known);
  const others = services.filter((service) => !known.has(service.name));
  const leftOut = others.filter((service) => service.byProfileOnly || jobs.has(service.name));
  const running = others.filter((service) => !leftOut.includes(service));
  for (const { name, hosts } of running)
    known.set(name, { hosts, isStore: false, names: [{ name: nameOf(name, 'service') }] });

  const volumes = findVolumes({
    project,
    prefix,
    stores: new Set(databases.known.keys()),
    leftOut: new Set(leftOut.map(({ name }) => name)),
    shown: (path) => shownFrom(folder, path),
  });
  const stores: ProposedStore[] = [
    ...databases.stores,
    ...volumes.found.map((found) => ({ name: nameOf(found.source.replace(/^[./~]+/, ''), 'files'), found })),
  ];
  const active = chooseActive(stores);
  if (active.length === 0) {
    const reason = 'no PostgreSQL, Redis, volume or data folder found';
    throw new SteadyError('usage.invalid', {
      file: options.fileNames.join(', '),
      services: services.length,
      reason,
      data:
        servicesWithoutStore(services, [])
          .map(({ service, why }) => `${service}: ${why}`)
          .join('; ') || undefined,
    });
  }
  const proposedStores = stores.filter((store) => !active.includes(store));
  const proposedServices = cutCycles(
    running.map((service) => proposed(service, { known, active, note })),
    note,
  );
  const proposal: Proposal = {
    stack: slug(prefix, 'stack'),
    timezone: options.timezone ?? 'UTC',
    composeFiles: options.fileNames,
    project: project.name ?? (project.ownName === undefined && prefix !== '' ? prefix : undefined),
    stores: active,
    proposedStores,
    withoutStore: servicesWithoutStore(services, stores),
    notBackedUp: volumes.not,
    archived: archivedOf(active, proposedServices),
    services: proposedServices,
    leftOutServices: leftOut.map((service) => service.name),
    secrets: secretsOf(active),
    otherBackups: otherBackupLines(services, options.otherBackups),
    imports: importCommands(options.otherBackups?.dumps ?? [], active),
    keepDays: daysOfCleanUp(services) ?? options.otherBackups?.keepDays,
    recipients: options.recipients,
    identityFile: options.identityFile,
  };
  return {
    yaml: writeSteadyYaml(proposal),
    notes: [...notesOf(proposal), ...notes],
    secrets: proposal.secrets,
  };
}

function proposed(
  service: ComposeService,
  within: {
    known: ReadonlyMap<string, Known>;
    active: readonly ProposedStore[];
    note: (text: string) => void;
  },
): ProposedService {
  const files = within.active.filter(
    ({ found }) => found.kind === 'files' && found.services.includes(service.name),
  );
  const needs = findNeeds(service, within.known);
  const guessed = needs.filter((need) => need.guessed).map((need) => need.name);
  if (guessed.length > 0)
    within.note(`${service.name}: needs ${guessed.join(', ')}, guessed from its environment`);
  return {
    name: within.known.get(service.name)?.names[0]?.name ?? service.name,
    container: service.name,
    needs: [...needs, ...files.map(({ name }) => ({ name, optional: false }))],
    healthUrl: guessHealth(service),
  };
}

/** Doubtful places are only proposed, unless there is nothing else. */
function chooseActive(stores: readonly ProposedStore[]): readonly ProposedStore[] {
  const sure = stores.filter(({ found }) => found.kind !== 'files' || found.doubt === undefined);
  return sure.length > 0 ? sure : stores;
}

/** Variables of passwords, each once. */
function secretsOf(stores: readonly ProposedStore[]): string[] {
  const references = stores.flatMap(({ found }) => (found.kind === 'files' ? [] : (found.password ?? [])));
  return [...new Set(references.flatMap((one) => ('env' in one ? [one.env] : [])))];
}

function otherBackupLines(
  services: readonly ComposeService[],
  elsewhere: OtherBackups | undefined,
): string[] {
  const own = services.filter(looksLikeBackup).map(({ name }) => `service ${name} of the compose file`);
  return [...own, ...(elsewhere?.lines ?? [])];
}

/** How many of them a screen takes; the rest go the same way. */
const COMMANDS_SHOWN = 8;

/** Commands that take old dumps in; which store they are of is plain where there is one of the kind. */
function importCommands(dumps: readonly OldDumps[], stores: readonly ProposedStore[]): string[] {
  return dumps.slice(0, COMMANDS_SHOWN).flatMap(({ kind, pattern }) => {
    const names = stores.filter(({ found }) => found.kind === kind).map(({ name }) => name);
    return names.length === 0 ? [] : [`steady backup import ${names.join('|')} ${pattern}`];
  });
}

/** A path in or beside the folder is shown as compose files write it. */
function shownFrom(folder: string, path: string): string {
  const from = relative(folder, path);
  return from === '' ? '.' : from.startsWith('..') || isAbsolute(from) ? path : `./${join(from)}`;
}
