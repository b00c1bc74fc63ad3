import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePorts } from '../services/free-port.js';
import type { PostgresService } from '../services/postgres.js';
import { startServer, type ServerProcess } from '../services/server-process.js';
import { toolPath, toolsFolder } from '../services/tools.js';

const scripts = fileURLToPath(new URL('../../docker/temporal', import.meta.url));

/** Temporal's own server (not the development server) with its data in a PostgreSQL. It dies with this process. */
export interface TemporalCluster {
  readonly address: string;
  /** As docker/temporal/schema.sh makes or updates the databases. */
  prepareSchema(): Promise<void>;
  /** As docker/temporal/namespace.sh makes a namespace. */
  prepareNamespace(name: string): Promise<void>;
  start(): Promise<void>;
  /** Ends it at once (SIGKILL); its data stay in PostgreSQL. */
  kill(): Promise<void>;
}

/** Folder of the programs that `./scripts/setup --for cluster` builds. Throws when they are not there. */
export function clusterPrograms(): string {
  const tools = toolsFolder();
  const found = readdirSync(tools).filter((name) => name.startsWith('temporal-cluster-'));
  const folder = join(tools, found.sort().at(-1) ?? 'none');
  if (!existsSync(folder))
    throw new Error('Temporal’s server is not built: run ./scripts/setup --for cluster');
  return folder;
}

/** Settings of a server for the PostgreSQL; nothing is started or made yet. */
export async function createTemporalCluster(postgres: PostgresService): Promise<TemporalCluster> {
  const programs = clusterPrograms();
  const names = ['FRONTEND', 'HISTORY', 'MATCHING', 'WORKER'];
  const ports = (await freePorts(2 * names.length + 1)).map(String);
  const http = ports.pop() as string;
  const portsOf = Object.fromEntries(
    names.flatMap((name, at) => [
      [`${name}_GRPC_PORT`, ports[2 * at]],
      [`${name}_MEMBERSHIP_PORT`, ports[2 * at + 1]],
    ]),
  );
  const port = Number(portsOf['FRONTEND_GRPC_PORT']);
  const address = `127.0.0.1:${port}`;
  const user = 'temporal';
  // Its configuration is a template that takes no quotes in a password.
  const password = 'temporal-s-own';
  postgres.sql('postgres', `CREATE ROLE ${user} LOGIN CREATEDB PASSWORD '${password}'`);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: [programs, join(toolPath('temporal'), '..'), process.env['PATH']].join(delimiter),
    ...{ SQL_HOST: '127.0.0.1', SQL_PORT: String(postgres.port), SQL_USER: user, SQL_PASSWORD: password },
    ...{ DB: 'postgres12', POSTGRES_SEEDS: '127.0.0.1', DB_PORT: String(postgres.port) },
    ...{ POSTGRES_USER: user, POSTGRES_PWD: password, NUM_HISTORY_SHARDS: '64', LOG_LEVEL: 'warn' },
    ...{ ...portsOf, FRONTEND_HTTP_PORT: http, BIND_ON_IP: '127.0.0.1' },
    DYNAMIC_CONFIG_FILE_PATH: join(scripts, 'dynamic.yaml'),
    TEMPORAL_ADDRESS: address,
  };
  const run = async (script: string, more: NodeJS.ProcessEnv = {}): Promise<void> => {
    await promisify(execFile)('sh', [join(scripts, script)], { env: { ...env, ...more } });
  };
  let server: ServerProcess | undefined;
  return {
    address,
    prepareSchema: () => run('schema.sh'),
    prepareNamespace: (name) => run('namespace.sh', { TEMPORAL_NAMESPACE: name }),
    async start() {
      server = await startServer({
        argv: [join(programs, 'temporal-server'), 'start'],
        env,
        ready: () => takesConnections(port),
        limitSeconds: 60,
      });
    },
    async kill() {
      await server?.end();
    },
  };
}

const takesConnections = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy()).setTimeout(1000, () => socket.destroy());
    socket.once('connect', () => socket.end());
  });
