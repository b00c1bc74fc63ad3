import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inject } from 'vitest';
import { connect, type Steady } from '../../../src/client/connect.js';
import { freePorts } from '../../services/free-port.js';
import type { LockConfig } from '../../../src/contracts/stack/storage.js';
import type { MinioServer } from '../../services/minio.js';
import { createDatabases, type Databases } from './databases.js';
import type { SeededPostgres } from './seeded-postgres.js';
import { createSteady, type SteadyCommand } from './steady.js';
import { storedInBucket, storedInFolder, type Stored } from './stored.js';
import { waitFor } from './wait-for.js';

/** A store of the stack; `uploads` is a folder, the others are databases. */
export type StoreName = DatabaseName | 'uploads';
export type DatabaseName = 'big' | 'small';

/** A stack in a folder of its own: two databases on the shared server, a service, a storage folder, two approvers. */
export interface CrashStack {
  readonly folder: string;
  /** Folder of the stack in directory storage. */
  readonly storage: string;
  readonly stored: Stored;
  /** Of a stack in a bucket: its prefix there. */
  readonly prefix: string;
  readonly mark: string;
  readonly steady: SteadyCommand;
  readonly databases: Databases;
  /** Name of the live database of a store. */
  database(store: DatabaseName): string;
  /** The digest of a store's data as seeded. */
  seeded(store: DatabaseName): Promise<string>;
  /** A connection of the test's own; it finds the server again by itself when that was killed. */
  client(): Promise<Steady>;
  identity(name: 'ana' | 'ben'): string;
  /** The stack file as text; `write` replaces it. */
  readonly file: { readonly text: string; write(text: string): void };
  readonly app: {
    start(): Promise<void>;
    /** While on, the stop command waits. */
    holdStop(on: boolean): void;
    /** While on, the health check fails. */
    holdHealth(on: boolean): void;
    healthy(): Promise<boolean>;
  };
  close(): Promise<void>;
}

export interface StackOptions {
  /** Databases to copy; a store that is left out is not in the file. */
  readonly stores: readonly DatabaseName[];
  /** A server with the template databases; default the one that all files share. */
  readonly server?: SeededPostgres;
  /** More fields of each database in the file. */
  readonly postgres?: string;
  /** Asked before a restore; default false. */
  readonly approvals?: boolean;
  /** Start `steady up`; default true. */
  readonly up?: boolean;
  /** A folder as one more store, `uploads`, for whose backup the service is stopped; default false. */
  readonly uploads?: boolean;
  /** More stores by name, as the file has them; the plan takes them too. */
  readonly others?: Readonly<Record<string, string>>;
  /** How long backups are locked, in a bucket with Object Lock; default not at all. */
  readonly lock?: LockConfig;
  /** Backups are encrypted to an identity that the worker has; default false. */
  readonly encrypted?: boolean;
  /** More of the stack file, such as limits. */
  readonly more?: string;
  /** Longest wait for the service after a start; default 2m. */
  readonly healthWithin?: string;
  /** Backups go into this bucket, through a connection that the file `cut` of the stack cuts; default a folder. */
  readonly minio?: MinioServer;
  /** A file that Node.js loads before the program; it finds the folder `points` of the stack in STEADY_FAILPOINTS. */
  readonly preload?: string;
  /** More of the environment of all its processes. */
  readonly env?: NodeJS.ProcessEnv;
}

const here = fileURLToPath(new URL('.', import.meta.url));

export async function createCrashStack(options: StackOptions): Promise<CrashStack> {
  const server = options.server ?? inject('seededPostgres');
  const folder = await mkdtemp(join(inject('crashFolder'), 'stack-'));
  // As the folder above it.
  chmodSync(folder, 0o711);
  const id = folder
    .slice(-6)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '0');
  const [port, ui, appPort] = (await freePorts(3)) as [number, number, number];
  const storage = join(folder, 'storage');
  mkdirSync(storage);
  mkdirSync(join(folder, 'tmp'));
  if (options.preload !== undefined) mkdirSync(join(folder, 'points'));
  for (const file of ['app.mjs', 'stop-app.sh']) copyFileSync(join(here, file), join(folder, file));

  const databases = createDatabases(server);
  const database = (store: DatabaseName): string => `${store}_${id}`;
  for (const store of options.stores) await databases.copy(`seed_${store}`, database(store));

  const stored =
    options.minio === undefined
      ? storedInFolder(folder)
      : await storedInBucket(options.minio, { prefix: id, cut: join(folder, 'cut'), lock: options.lock });

  const mark = `STEADY_CRASH_STACK=${id}`;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    STEADY_CRASH_STACK: id,
    PG_PASSWORD: server.password,
    TMPDIR: join(folder, 'tmp'),
    STEADY_IDENTITY: join(folder, 'ana.identity'),
    TEMPORAL_ADDRESS: undefined,
    ...stored.env,
    ...options.env,
    ...(options.preload !== undefined && {
      NODE_OPTIONS: `--import ${pathToFileURL(options.preload).href}`,
      STEADY_FAILPOINTS: join(folder, 'points'),
    }),
  };
  const steady = createSteady({
    main: inject('steadyMain'),
    folder,
    env,
    mark,
    ports: { port, ui },
  });
  const keys: string[] = [];
  for (const name of ['ana', 'ben']) {
    const made = await steady.cli(
      '--identity',
      join(folder, `${name}.identity`),
      'identity',
      'create',
      '--name',
      name,
    );
    keys.push(made.json.key);
  }
  const { lock, others = {} } = options;
  const more = [
    ...(lock ? [`lock: { mode: ${lock.mode}, for: ${lock.for}s }`] : []),
    ...(options.encrypted === true
      ? [`encryption: { age: { recipients: [${await ageKey(steady)}], identity: { file: proof.key } } }`]
      : []),
  ];
  const stackFile = join(folder, 'steady.yaml');
  const uploads = options.uploads === true ? ['uploads'] : [];
  if (uploads.length > 0) fillUploads(join(folder, 'uploads'));
  const needs = [...options.stores.filter((store) => store === 'small'), ...uploads];
  const text = `version: 1
stack: crash
storage: { ${[`main: ${stored.config}`, ...more].join(', ')} }
stores:
${options.stores.map((store) => `  ${store}: { postgres: { port: ${server.port}, database: ${database(store)}, user: ${server.user}, password: { env: PG_PASSWORD }${options.postgres === undefined ? '' : `, ${options.postgres}`} } }`).join('\n')}
${uploads.map((store) => `  ${store}: { files: { path: uploads } }`).join('\n')}
${Object.entries(others)
  .map(([store, config]) => `  ${store}: ${config}`)
  .join('\n')}
services:
  app:
    needs: [${needs.join(', ')}]
    start: [node, app.mjs, "${appPort}", "${process.pid}"]
    stop: [sh, stop-app.sh]
    drain: 60s
    health: { http: { url: "http://127.0.0.1:${appPort}/" } }
    healthWithin: ${options.healthWithin ?? '2m'}
    log: { watch: 1s }
plans:
  nightly: { schedule: "30 3 * * *", stores: [${[...options.stores, ...uploads, ...Object.keys(others)].join(', ')}], keep: { last: 2, verified: 1 } }
approvers:
  - { name: ana, key: "${keys[0]}", roles: [operator] }
  - { name: ben, key: "${keys[1]}", roles: [operator] }
${options.approvals === true ? 'approvals: { restore: { from: operator } }\n' : ''}${options.more ?? ''}`;
  writeFileSync(stackFile, text);

  const connections: Steady[] = [];
  const hold = (name: string) => (on: boolean) => {
    if (on) writeFileSync(join(folder, name), '');
    else rmSync(join(folder, name), { force: true });
  };
  const healthy = async (): Promise<boolean> =>
    (await fetch(`http://127.0.0.1:${appPort}/`).catch(() => undefined))?.status === 200;
  const stack: CrashStack = {
    folder,
    storage: join(storage, 'crash'),
    stored,
    prefix: id,
    mark,
    steady,
    databases,
    database,
    seeded: (store) => databases.digest(`seed_${store}`),
    async client() {
      if (connections[0]) return connections[0];
      const connection = await connect({ address: `127.0.0.1:${port}`, config: stackFile });
      connections.push(connection);
      return connection;
    },
    identity: (name) => join(folder, `${name}.identity`),
    file: { text, write: (changed) => writeFileSync(stackFile, changed) },
    app: {
      async start() {
        const app = spawn(process.execPath, ['app.mjs', String(appPort), String(process.pid)], {
          cwd: folder,
          env,
          detached: true,
          stdio: 'ignore',
        });
        app.unref();
        await waitFor('the service answers', () => {
          if (app.exitCode !== null) throw new Error(`it has ended with ${app.exitCode} [port=${appPort}]`);
          return healthy();
        });
      },
      holdStop: hold('hold-stop'),
      holdHealth: hold('hold-health'),
      healthy,
    },
    async close() {
      for (const connection of connections) await connection.close().catch(() => undefined);
      await steady.end();
      await stored.close();
      for (const name of await databases.lines(
        'postgres',
        `SELECT datname FROM pg_database WHERE datname ~ '_${id}(_|$)'`,
      ))
        await databases.sql('postgres', `DROP DATABASE "${name}" WITH (FORCE)`);
      if (existsSync(folder)) await rm(folder, { recursive: true, force: true });
    },
  };
  if (options.up !== false) await steady.start();
  return stack;
}

/** Makes an identity beside the stack file; gives its recipient. */
async function ageKey(steady: SteadyCommand): Promise<string> {
  const { json } = await steady.cli('key', 'create', 'proof.key');
  return json.recipient;
}

/** A few folders of files, some larger than a block of tar, some empty. */
export function fillUploads(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (let at = 0; at < 24; at++) {
    mkdirSync(join(folder, `at-${at % 4}`), { recursive: true });
    writeFileSync(join(folder, `at-${at % 4}`, `${at}.txt`), `upload ${at}\n`.repeat(at * 400));
  }
}
