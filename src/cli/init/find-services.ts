import type { ComposeService } from './compose/service.js';
import { databasesNamedBy } from './find-databases.js';

export interface FoundNeed {
  /** Name in steady.yaml. */
  readonly name: string;
  readonly optional: boolean;
  /** Whether it is known from the service's environment only. */
  readonly guessed: boolean;
}

/** What stands in steady.yaml for a compose service: the service, or the stores on that server. */
export interface Known {
  readonly hosts: readonly string[];
  readonly isStore: boolean;
  readonly names: readonly { readonly name: string; readonly database?: string | undefined }[];
}

/**
 * What a service needs: what it depends on, and stores that its environment names as a host. Of several databases on one
 * server it needs those it names.
 *
 * @param known by compose service
 */
export function findNeeds(service: ComposeService, known: ReadonlyMap<string, Known>): FoundNeed[] {
  const needs = new Map<string, FoundNeed>();
  const add = (other: Known, options: { optional: boolean; guessed: boolean }): void => {
    const named = databasesNamedBy(service, other.hosts);
    const its = other.names.filter(({ database }) => database !== undefined && named.includes(database));
    for (const { name } of its.length > 0 ? its : other.names)
      if (!needs.has(name)) needs.set(name, { name, ...options });
  };
  for (const { name, required, job } of service.dependsOn) {
    const other = known.get(name);
    if (other && !job && name !== service.name) add(other, { optional: !required, guessed: false });
  }
  const values = Object.values(service.environment).map(({ text }) => text);
  for (const [name, other] of known) {
    if (!other.isStore || name === service.name) continue;
    if (values.some((value) => other.hosts.some((host) => namesHost(value, host))))
      add(other, { optional: false, guessed: true });
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
