import { join } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';
import { serverBinaryVersion, type RedisVersion } from './versions.js';

export interface Program {
  readonly path: string;
  /** What it says of its version, first line. */
  readonly says: string;
}

/** Path of redis-cli, or of valkey-cli where only that is there or it is asked for. Throws `tool.missing`. */
export function findCli(
  bin: string | undefined,
  place: (tool: Tool) => PlacedTool,
  product = 'redis',
): Promise<Program> {
  return find('cli', bin, place, product);
}

/** The server binary of that place and its version; one of the product when both are there. */
export async function findServer(
  bin: string | undefined,
  place: (tool: Tool) => PlacedTool,
  product = 'redis',
): Promise<Program & { readonly version: RedisVersion }> {
  const program = await find('server', bin, place, product);
  const version = serverBinaryVersion(program.says);
  if (!version) throw new SteadyError('store.unsupported', { tool: program.path, says: program.says });
  return { ...program, version };
}

/** redis-check-rdb lies beside the server binary and has no version option of its own in Redis 6. */
export function checkRdbBeside(serverPath: string): string {
  return serverPath.replace(/-server$/, '-check-rdb');
}

/** Some packages leave redis-check-rdb out: it is the server itself, which looks at the name it was called by. */
export function checkRdbByServer(serverPath: string, file: string): Tool['argv'] {
  return ['bash', '-c', 'exec -a redis-check-rdb "$0" "$1"', serverPath, file];
}

async function find(
  kind: 'cli' | 'server',
  bin: string | undefined,
  place: (tool: Tool) => PlacedTool,
  product: string,
): Promise<Program> {
  let last: unknown;
  for (const vendor of product === 'valkey' ? ['valkey', 'redis'] : ['redis', 'valkey']) {
    const path = bin === undefined ? `${vendor}-${kind}` : join(bin, `${vendor}-${kind}`);
    try {
      const { stdout } = await runTool(place({ argv: [path, '--version'] }), { limitSeconds: 20 });
      return { path, says: stdout.split('\n')[0]?.trim() ?? '' };
    } catch (error) {
      last = error;
    }
  }
  if (last instanceof SteadyError && last.code !== 'tool.missing') {
    throw new SteadyError(
      'tool.missing',
      { tool: `redis-${kind}`, says: last.facts['says'] },
      { cause: last },
    );
  }
  throw new SteadyError('tool.missing', { tool: `redis-${kind}`, folder: bin }, { cause: last });
}
