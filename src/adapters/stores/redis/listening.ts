import { isLoopback } from '../../../contracts/stack/loopback.js';
import { listeningLines, publishedLines } from '../open-address.js';
import type { CheckLine, StoreCall } from '../port.js';
import type { RedisStoreOptions } from './context.js';
import { refusedIsUndefined, type Live, type LiveSettings } from './live.js';

/**
 * Whether others than this machine's own reach a server without TLS: by its settings, or what its container publishes.
 *
 * @param anybody it asks for no password: then protected-mode keeps out who comes by a network
 */
export async function networkLines(
  { config, service, runtime }: RedisStoreOptions,
  live: Live,
  settings: LiveSettings | undefined,
  { signal, anybody }: Pick<StoreCall, 'signal'> & { readonly anybody: boolean },
): Promise<CheckLine[]> {
  // An account that may not read the settings has come by this port, which is plain where no TLS is asked for.
  const unknown = config.tls === undefined ? (config.port ?? 6379) : 0;
  const plain = Number(settings?.all.get('port') ?? unknown);
  if (plain === 0 || (anybody && settings?.all.get('protected-mode') === 'yes')) return [];
  if (service !== undefined) {
    const published = await runtime.published(service, { signal });
    if (published !== 'network of the host') return publishedLines(published, plain);
  } else if (isLoopback(config.host ?? '127.0.0.1') && (await isBehindPort(live, signal))) return [];
  const bind = settings?.all.get('bind');
  // Before 6.2 no address at all is all of them. A dash: it may be missing on this machine.
  const addresses = bind?.split(' ').map((one) => one.replace(/^-/, '')) ?? [];
  return listeningLines(addresses, 'bind');
}

/** In a container, behind a port of this machine: its addresses say nothing about who reaches that port. 6.2 or newer tell. */
async function isBehindPort({ ask }: Live, signal: AbortSignal): Promise<boolean> {
  const info = await refusedIsUndefined(() => ask(['CLIENT', 'INFO'], { signal }));
  const here = /\bladdr=\[?([^\s\]]+?)\]?:\d+/.exec(info ?? '')?.[1];
  return here !== undefined && !isLoopback(here);
}
