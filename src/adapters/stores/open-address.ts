import { BlockList, isIP } from 'node:net';
import { isLoopback } from '../../contracts/stack/loopback.js';
import type { PublishedPort } from '../runtimes/port.js';
import type { CheckLine } from './port.js';

/** Addresses of one's own networks: RFC 1918, RFC 6598, RFC 4193, and those of a link. */
const OWN = new BlockList();
for (const [net, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  OWN.addSubnet(net, bits, 'ipv4');
OWN.addSubnet('fc00::', 7, 'ipv6');
OWN.addSubnet('fe80::', 10, 'ipv6');

/** Whether what is bound to it is bound to all addresses or to a public one; a name is not looked up. */
export function isOpenAddress(address: string): boolean {
  if (address === '' || address === '*') return true;
  const family = isIP(address);
  if (family === 0 || isLoopback(address)) return false;
  return !OWN.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Of a server that speaks without TLS at a port of its container. */
export function publishedLines(ports: readonly PublishedPort[], plain: number): CheckLine[] {
  const open = ports.filter(({ inside, address }) => inside === plain && isOpenAddress(address));
  if (open.length === 0) return [];
  const at = [...new Set(open.map(({ address, port }) => `${shown(address)}:${port}`))].join(', ');
  return [
    plainLine(
      `port ${plain} of its container is published at ${at}`,
      `Publish it on loopback ("127.0.0.1:${open[0]?.port}:${plain}"), or not at all: services of the project reach it by its name. ufw does not stand before ports that Docker publishes.`,
    ),
  ];
}

/** Of a server that speaks without TLS on these addresses of its machine; `setting` names where they are set. */
export function listeningLines(addresses: readonly string[], setting: string): CheckLine[] {
  const open = addresses.filter(isOpenAddress);
  if (open.length === 0) return [];
  return [
    plainLine(
      `its server listens at ${open.map(shown).join(', ')}`,
      `Set ${setting} to addresses that only your own machines reach, or give the server TLS.`,
    ),
  ];
}

const shown = (address: string): string => {
  if (address === '' || address === '*') return '0.0.0.0';
  return isIP(address) === 6 ? `[${address}]` : address;
};

const plainLine = (where: string, hint: string): CheckLine => ({
  what: 'network',
  status: 'warning',
  message: `${where} without TLS: who is on the way can read and change the data and the password`,
  hint,
});
