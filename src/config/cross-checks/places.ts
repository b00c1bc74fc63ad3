import type { Stack } from '../../contracts/stack/stack.js';
import type { StoreConfig } from '../../contracts/stack/stores.js';
import { consumersOf, findCycle } from '../../contracts/stack/dependencies.js';
import type { FieldPath } from '../problems.js';
import type { CrossCheckReport } from './report.js';

/** Where stores and services are must fit the runtime. */
export function checkPlaces(stack: Stack, report: CrossCheckReport): void {
  const compose = stack.runtime.compose !== undefined;
  for (const [name, store] of Object.entries(stack.stores))
    checkStore(['stores', name], store, compose, report);
  for (const name of Object.keys(stack.services)) checkService(name, stack, report);
  if (stack.runtime.host !== undefined) warnUnstoppable(stack, report);
}

function checkService(name: string, stack: Stack, report: CrossCheckReport): void {
  const service = stack.services[name];
  if (service === undefined) return;
  const { compose, kubernetes } = stack.runtime;
  const path = ['services', name];
  const commands = (['start', 'stop', 'unit'] as const).filter((field) => service[field] !== undefined);
  const elsewhere = (field: string, message: string): void =>
    report.error([...path, field], message, { at: 'key' });
  if (service.workload !== undefined && kubernetes === undefined)
    elsewhere('workload', 'for the kubernetes runtime only');
  if (compose !== undefined || kubernetes !== undefined)
    for (const field of commands)
      elsewhere(field, `for the host runtime only; ${compose ? 'compose' : 'Kubernetes'} knows how`);
  if (kubernetes !== undefined) checkWorkload(name, stack, report);
  if (stack.runtime.host === undefined) return;
  if (service.container !== undefined) elsewhere('container', 'for the compose and kubernetes runtimes only');
  if (service.unit !== undefined && commands.length > 1) {
    report.error([...path, 'unit'], 'either a unit, or start and stop', {
      at: 'key',
      found: commands.join(' and '),
    });
  } else if (service.unit === undefined && commands.length === 1) {
    const missing = commands[0] === 'start' ? 'stop' : 'start';
    report.error([...path, missing], 'missing: start and stop belong together', { at: 'parent' });
  }
}

/** What a service is in a cluster: one workload, no other's; who gets its requests is the cluster's own affair. */
function checkWorkload(name: string, stack: Stack, report: CrossCheckReport): void {
  const workloadOf = (one: string): string => stack.services[one]?.workload ?? `deployment/${one}`;
  const own = workloadOf(name);
  const other = Object.keys(stack.services).find((one) => one !== name && workloadOf(one) === own);
  if (other !== undefined)
    report.error(['services', name, 'workload'], 'another service is this workload too', {
      found: `${own}, which is ${other}`,
    });
  if (stack.services[name]?.router !== undefined)
    report.error(['services', name, 'router'], 'Kubernetes itself sends requests to pods that are ready', {
      at: 'key',
    });
  if (stack.services[name]?.deploy.strategy === 'recreate')
    report.error(
      ['services', name, 'deploy', 'strategy'],
      'the workload itself says how its pods are replaced',
      {
        at: 'key',
      },
    );
}

function checkStore(path: FieldPath, store: StoreConfig, compose: boolean, report: CrossCheckReport): void {
  for (const kind of ['postgres', 'redis'] as const) {
    const options = store[kind];
    if (!options) continue;
    const at = [...path, kind];
    if (options.service !== undefined && options.host !== undefined) {
      report.error([...at, 'host'], 'either a service or a host, not both', { at: 'key' });
    } else if (options.service !== undefined && !compose) {
      report.error([...at, 'service'], 'a service needs the compose runtime; on a host, name host and port', {
        at: 'key',
      });
    } else if (compose && options.service === undefined && options.host === undefined) {
      report.error(
        [...at, 'service'],
        'missing: with the compose runtime, name its service (or a host outside)',
        {
          at: 'parent',
        },
      );
    }
  }
  if (store.postgres && store.postgres.database === store.postgres.maintenanceDatabase) {
    report.error(
      [...path, 'postgres', 'maintenanceDatabase'],
      'must be another database than the one of the store: a restore renames that, which nobody can do from inside; name another one, or leave it out',
      { found: JSON.stringify(store.postgres.database) },
    );
  }
  if (store.redis?.process && store.redis.service !== undefined) {
    report.error([...path, 'redis', 'process'], 'for a server without a service only; compose knows how', {
      at: 'key',
    });
  }
  if (!store.files) return;
  const { path: folder, volume } = store.files;
  if ((folder === undefined) === (volume === undefined)) {
    const found = folder === undefined ? 'none' : 'both';
    report.error([...path, 'files'], 'must name exactly one of path, volume', { at: 'key', found });
  } else if (volume !== undefined && !compose) {
    report.error([...path, 'files', 'volume'], 'a volume needs the compose runtime; on a host, name a path', {
      at: 'key',
    });
  }
}

/** On a host, a service without commands cannot be stopped for a restore. */
function warnUnstoppable(stack: Stack, report: CrossCheckReport): void {
  if (findCycle(stack)) return;
  for (const name of consumersOf(stack, Object.keys(stack.stores))) {
    const service = stack.services[name];
    if (service?.unit === undefined && service?.stop === undefined && service?.start === undefined) {
      const message = 'names no unit and no start and stop: a restore cannot stop it';
      report.warn(['services', name], message, { at: 'key' });
    }
  }
}
