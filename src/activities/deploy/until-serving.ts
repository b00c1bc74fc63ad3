import type { ProbesPort } from '../../adapters/probes/port.js';
import type { Instance, RuntimePort, ServiceHandle } from '../../adapters/runtimes/port.js';
import type { CheckConfig } from '../../contracts/stack/checks.js';
import type { ServiceConfig } from '../../contracts/stack/services.js';
import { notHealthy, untilUp } from '../until-up.js';

/**
 * Waits until instances of a service run, are healthy where their runtime looks after that, and pass the health check of
 * the stack file, each at its own address, where that check is an HTTP request and the port is known.
 */
export async function untilServing(
  of: {
    readonly runtime: Pick<RuntimePort, 'instances'>;
    readonly probes: ProbesPort;
    readonly service: ServiceConfig | undefined;
  },
  options: {
    readonly handle: ServiceHandle;
    readonly ids: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const { runtime, probes, service } = of;
  const { handle, ids, signal } = options;
  const withinSeconds = service?.healthWithin ?? 0;
  const began = performance.now();
  const words = await untilUp(runtime, handle, { ids, withinSeconds, signal });
  const instances = (await runtime.instances(handle, { signal })).filter((one) => ids.includes(one.id));
  let asked = 0;
  for (const instance of instances) {
    const check = checkOf(instance, service);
    if (check === undefined) continue;
    const left = withinSeconds - (performance.now() - began) / 1000;
    const { passed, answer } = await probes.until(check, { withinSeconds: Math.max(1, left), signal });
    if (!passed) throw notHealthy(handle.name, { instance: instance.name, answer });
    asked++;
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  return `${words}${asked > 0 ? ', its health check passes' : ''} after ${seconds} s`;
}

/** The health check of a service, asked of one instance: the same path at its own address and port. */
function checkOf(instance: Instance, service: ServiceConfig | undefined): CheckConfig | undefined {
  const http = service?.health?.http;
  const address = Object.values(instance.addresses ?? {})[0];
  if (http === undefined || service?.router === undefined || address === undefined) return undefined;
  const url = new URL(http.url);
  // TLS and the name in front of it are the router's.
  url.protocol = 'http:';
  url.hostname = address.includes(':') ? `[${address}]` : address;
  url.port = String(service.router.port);
  return { http: { ...http, url: url.href } };
}
