import { isIP } from 'node:net';
import { isLoopback } from '../../contracts/stack/loopback.js';
import type { Stack } from '../../contracts/stack/stack.js';
import type { StoreConfig } from '../../contracts/stack/stores.js';
import type { TlsConfig } from '../../contracts/stack/tls.js';
import type { FieldPath } from '../problems.js';
import type { CrossCheckReport } from './report.js';

/** TLS that is asked for is what the connection has, and what leaves this machine without it is warned of. */
export function checkTls(stack: Stack, report: CrossCheckReport): void {
  for (const [name, store] of Object.entries(stack.stores)) {
    for (const kind of ['postgres', 'redis'] as const) {
      const options = store[kind];
      if (!options) continue;
      const at = ['stores', name, kind];
      if (options.tls) checkPair([...at, 'tls'], options.tls, report);
      if (!options.tls && leavesMachine(stack, options))
        report.warn([...at, 'host'], PLAIN[store.postgres?.sslmode === 'require' ? 'unverified' : 'clear']);
    }
    if (store.redis) checkRedis(['stores', name, 'redis'], store.redis, report);
    if (store.postgres) checkPostgres(['stores', name, 'postgres'], store.postgres, report);
  }
}

const PLAIN = {
  clear:
    'reached over a network without TLS: who is on the way can read and change the data and the password; add tls',
  unverified:
    'reached over a network with TLS to whoever answers: its certificate is not looked at; write tls instead of sslmode',
};

function checkPair(at: FieldPath, { cert, key }: TlsConfig, report: CrossCheckReport): void {
  if ((cert === undefined) === (key === undefined)) return;
  const missing = cert === undefined ? 'cert' : 'key';
  report.error([...at, missing], 'missing: cert and key belong together', { at: 'parent' });
}

/** Relative paths begin at the stack file, which a container does not see. */
function checkRedis(
  at: FieldPath,
  { tls, service }: NonNullable<StoreConfig['redis']>,
  report: CrossCheckReport,
): void {
  if (service === undefined) return;
  for (const field of ['ca', 'cert', 'key'] as const)
    if (tls?.[field]?.startsWith('/') === false)
      report.error([...at, 'tls', field], 'with a service, the absolute path in its container', {
        found: JSON.stringify(tls[field]),
      });
}

/** libpq knows TLS on TCP only: on a socket it leaves it out without a word. */
function checkPostgres(
  at: FieldPath,
  { tls, sslmode, service, host }: NonNullable<StoreConfig['postgres']>,
  report: CrossCheckReport,
): void {
  if (tls && sslmode !== undefined) {
    const is = tls.verify === 'full' ? 'verify-full' : 'verify-ca';
    report.error([...at, 'sslmode'], `either tls or sslmode, not both: tls is ${is}`, { at: 'key' });
  }
  const onSocket = service !== undefined || host?.startsWith('/') === true;
  for (const field of ['tls', 'sslmode'] as const) {
    const asked = field === 'tls' ? tls !== undefined : sslmode !== undefined && sslmode !== 'disable';
    if (!asked || !onSocket) continue;
    const why =
      service === undefined
        ? 'a socket has no TLS, and no network between: leave it out, or name an address'
        : 'tools run inside the container of the service and reach the server by its socket, which has no TLS and no network between: leave it out, or name host and port instead of service';
    report.error([...at, field], why, { at: 'key' });
  }
  if (tls?.serverName !== undefined && isIP(host ?? '127.0.0.1') === 0)
    report.error(
      [...at, 'tls', 'serverName'],
      'for a host that is given as an IP address; name the host as its certificate does, and leave it out',
      { at: 'key' },
    );
}

function leavesMachine(
  stack: Stack,
  {
    service,
    host = '127.0.0.1',
  }: { readonly service?: string | undefined; readonly host?: string | undefined },
): boolean {
  if (service !== undefined || host.startsWith('/') || isLoopback(host)) return false;
  // A worker in a container of the project reaches it by the name of its service.
  const services = Object.entries(stack.services).map(([name, { container }]) => container ?? name);
  return stack.runtime.compose === undefined || !services.includes(host);
}
