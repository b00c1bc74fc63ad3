import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below where the kernel takes ports for outgoing connections: nobody gets one of these by chance. */
const FIRST = 12_000;
const COUNT = 20_000;
/** Test files that run at a time choose from shares of their own: a port is taken seconds after it was chosen. */
const SHARES = 8;
const SHARE = COUNT / SHARES;
const own = FIRST + (Number(process.env['VITEST_POOL_ID'] ?? 0) % SHARES) * SHARE;
/** Chosen here before. */
const given = new Set<number>();

/** Ports that are free on 127.0.0.1 now, all different, and different from those that this process was given before. */
export async function freePorts(count: number): Promise<number[]> {
  // After so many, those of the beginning are free again.
  if (given.size > SHARE / 2) given.clear();
  const ports: number[] = [];
  while (ports.length < count) {
    const port = own + Math.floor(Math.random() * SHARE);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch {
    return false;
  }
}
