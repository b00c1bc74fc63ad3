import type { ComposeService } from './compose-services.js';
import { interpolate } from './interpolate.js';

export interface FoundNeed {
  /** Name in steady.yaml. */
  readonly name: string;
  readonly optional: boolean;
  /** Whether it is known from the service's environment only. */
  readonly guessed: boolean;
}

/**
 * What a service needs: what it depends on, and stores that its environment names as a host.
 *
 * @param names name in steady.yaml by compose service, of stores and services
 * @param stores compose services that are stores
 */
export function findNeeds(
  service: ComposeService,
  names: ReadonlyMap<string, string>,
  stores: ReadonlySet<string>,
  known: Readonly<Record<string, string>>,
): FoundNeed[] {
  const needs = new Map<string, FoundNeed>();
  for (const dependency of service.dependsOn) {
    const name = names.get(dependency.name);
    if (name === undefined || dependency.job || dependency.name === service.name) continue;
    needs.set(name, { name, optional: !dependency.required, guessed: false });
  }
  const values = Object.values(service.environment).map((value) => interpolate(value, known).text);
  for (const store of stores) {
    const name = names.get(store);
    if (name === undefined || needs.has(name) || store === service.name) continue;
    if (values.some((value) => namesHost(value, store)))
      needs.set(name, { name, optional: false, guessed: true });
  }
  return [...needs.values()];
}

/** Whether a value is a host's name, or an address with it: `redis`, `redis:6379`, `postgresql://u:p@db:5432/x`. */
function namesHost(value: string, host: string): boolean {
  const escaped = host.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`(^|@|//)${escaped}(:\\d+)?(/|\\?|$)`).test(value);
}

/** Where a service might answer health checks, as the host reaches it; a guess. */
export function guessHealth(service: ComposeService): string | undefined {
  const test = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(\d+))?(\/[\w./-]*)?/.exec(
    service.healthTest,
  );
  const port = test ? (test[1] ?? '80') : Object.keys(service.ports)[0];
  const published = port === undefined ? undefined : service.ports[port];
  if (published === undefined || !/^\d+$/.test(published)) return undefined;
  return `http://127.0.0.1:${published}${test ? (test[2] ?? '/') : '/health'}`;
}
