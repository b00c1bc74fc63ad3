import type { Route, Upstream } from '../port.js';

const HEAD = '# Written by steadyhand, anew at each change: what is edited here is lost.';

/** The file of one upstream. Pure; the same route is the same text. */
export function upstreamText({ upstream, to, keepalive }: Route): string {
  const servers = [...to].map(({ address, port }) => `  server ${hostOf(address)}:${port};`).sort();
  return [
    HEAD,
    `upstream ${upstream} {`,
    // Nobody is left: an upstream without a server is an error, and one that is down answers 502 at once.
    ...(servers.length === 0 ? ['  server 127.0.0.1:9 down;'] : servers),
    ...(keepalive === undefined ? [] : [`  keepalive ${keepalive};`]),
    '}',
    '',
  ].join('\n');
}

/** What such a file says; of servers that are down nothing. */
export function upstreamsIn(text: string): Upstream[] {
  return [...text.matchAll(/^\s*server\s+(\[[^\]]+\]|[^\s:;]+):(\d+)\s*;/gm)].map(([, host = '', port]) => ({
    address: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
  }));
}

const hostOf = (address: string): string => (address.includes(':') ? `[${address}]` : address);
