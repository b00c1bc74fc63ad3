import { findCycle, needsOf } from '../../contracts/stack/dependencies.js';
import type { CheckConfig } from '../../contracts/stack/checks.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { nearest } from '../../contracts/nearest.js';
import type { FieldPath } from '../problems.js';
import type { CrossCheckReport } from './report.js';

/** Names must exist, once, and needs must have an end. */
export function checkReferences(stack: Stack, report: CrossCheckReport): void {
  const stores = Object.keys(stack.stores);
  const services = Object.keys(stack.services);
  const mustBe = (path: FieldPath, name: string, what: string, names: readonly string[]) => {
    if (names.includes(name)) return;
    report.error(path, `no such ${what}`, {
      found: JSON.stringify(name),
      allowed: names,
      nearest: nearest(name, names),
    });
  };
  const unique = (path: FieldPath, names: readonly string[], what: string) => {
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) !== index)
        report.error([...path, index], `${what} named twice`, { found: JSON.stringify(name) });
    }
  };

  for (const name of services) {
    if (!stores.includes(name)) continue;
    report.error(['services', name], 'a store has this name too: needs and locks could mean either', {
      at: 'key',
    });
  }
  for (const [name, plan] of Object.entries(stack.plans)) {
    for (const [index, store] of plan.stores.entries())
      mustBe(['plans', name, 'stores', index], store, 'store', stores);
    unique(['plans', name, 'stores'], plan.stores, 'a store');
  }
  for (const [name, service] of Object.entries(stack.services)) {
    const needs = needsOf(service).map((edge) => edge.name);
    for (const [index, need] of needs.entries()) {
      const path = ['services', name, 'needs', index];
      if (need === name) report.error(path, 'a service cannot need itself');
      else mustBe(path, need, 'store or service', [...stores, ...services]);
    }
    unique(['services', name, 'needs'], needs, 'a need');
    if (service.router)
      mustBe(['services', name, 'router', 'name'], service.router.name, 'router', Object.keys(stack.routers));
    for (const [index, check] of service.deploy.smoke.entries())
      mustBe(['services', name, 'deploy', 'smoke', index], check, 'check', Object.keys(stack.checks));
    if (service.health) checkCheck(['services', name, 'health'], service.health, stack, mustBe);
  }
  for (const [name, check] of Object.entries(stack.checks))
    checkCheck(['checks', name], check, stack, mustBe);

  const cycle = findCycle(stack);
  if (cycle && new Set(cycle).size > 1) {
    report.error(['services', cycle[0] ?? '', 'needs'], `needs go round in a circle: ${cycle.join(' → ')}`, {
      at: 'key',
    });
  }
  for (const store of stores) {
    if (Object.values(stack.plans).some((plan) => plan.stores.includes(store))) continue;
    report.warn(['stores', store], 'no plan backs up this store', { at: 'key' });
  }
}

type MustBe = (path: FieldPath, name: string, what: string, names: readonly string[]) => void;

function checkCheck(path: FieldPath, check: CheckConfig, stack: Stack, mustBe: MustBe): void {
  const ofKind = (kind: 'postgres' | 'redis') =>
    Object.keys(stack.stores).filter((name) => stack.stores[name]?.[kind] !== undefined);
  if (check.sql) mustBe([...path, 'sql', 'store'], check.sql.store, 'postgres store', ofKind('postgres'));
  if (check.redis) mustBe([...path, 'redis', 'store'], check.redis.store, 'redis store', ofKind('redis'));
  if (check.log)
    mustBe([...path, 'log', 'service'], check.log.service, 'service', Object.keys(stack.services));
}
