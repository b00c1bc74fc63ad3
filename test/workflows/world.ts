import type { WorkflowHandle } from '@temporalio/client';
import { createHash, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { createMemoryStorage } from '../../src/adapters/storage/memory.js';
import { createHostJobs } from '../../src/adapters/runtimes/host/jobs.js';
import type { CalendarPort } from '../../src/adapters/calendars/port.js';
import type { RouterPort } from '../../src/adapters/routers/port.js';
import type { RuntimePort } from '../../src/adapters/runtimes/port.js';
import type { ProbesPort } from '../../src/adapters/probes/port.js';
import type { StoragePort } from '../../src/adapters/storage/port.js';
import type { StorePort } from '../../src/adapters/stores/port.js';
import type { Steady } from '../../src/client/connect.js';
import { storageState, targetState } from '../../src/client/entities.js';
import { resultOf, RunFailure } from '../../src/client/outcome.js';
import { restoreRequest } from '../../src/contracts/runs/requester.js';
import { newRequest, startRun } from '../../src/client/start.js';
import { signedRequester, type Identity } from '../../src/client/approvals.js';
import {
  ledgerEntityId,
  runId,
  storageEntityId,
  targetEntityId,
  watchEntityId,
  type Procedure,
} from '../../src/contracts/ids.js';
import type { BackupInput, RestoreInput, Selection } from '../../src/contracts/runs/procedures.js';
import type { Requester, RunInput, StackSnapshot } from '../../src/contracts/runs/snapshot.js';
import { TIMELINE_QUERY, type Timeline } from '../../src/contracts/runs/timeline.js';
import { stackSchema } from '../../src/contracts/stack/stack.js';
import { recordSchema, type EvidenceRecord } from '../../src/contracts/stored/others.js';
import { createFakeData, createFakeStore, type FakeData } from './fake-store.js';
import { createFakeFleet, type FakeFleet } from './fake-fleet.js';
import { createFakeProbes, createFakeRuntime, type FakeServices } from './fake-services.js';
import { createScript, type Script } from './script.js';
import { PATIENTLY } from './patience.js';

export interface WorldOptions {
  /** Stores by name; left out: `db`. `files` ones are stopped for their backup. */
  readonly stores?: Record<string, { readonly files?: boolean; readonly live?: string }>;
  /** Services by name with what they need; each has a health check. */
  readonly services?: Record<string, readonly string[]>;
  /** More of the stack file: plans, approvers, approvals, checks, limits. */
  readonly file?: Record<string, unknown>;
  readonly storage?: StoragePort;
}

/** A stack with everything it names. */
export interface World {
  readonly stack: string;
  readonly snapshot: StackSnapshot;
  readonly storage: StoragePort;
  readonly script: Script;
  readonly services: FakeServices;
  /** Environment of its worker, for the secrets of channels. */
  readonly env: Record<string, string>;
  /** Scripted answers of checks that do not pass, by `health api` or `ask api`. */
  readonly answers: Map<string, string>;
  /** What services have logged. */
  readonly logs: Map<string, string>;
  readonly runtime: RuntimePort;
  readonly router: RouterPort;
  /** Services with several instances. */
  readonly fleet: FakeFleet;
  readonly probes: ProbesPort;
  /** Of jobs, which are real processes. */
  readonly jobsFolder: string;
  readonly calendars: CalendarPort[];
  data(store: string): FakeData;
  storePort: (store: string) => StorePort;
  start<I extends RunInput>(
    procedure: Procedure,
    input: Omit<I, 'version' | 'snapshot' | 'by'>,
    options?: { readonly by?: Requester; readonly request?: string; readonly snapshot?: StackSnapshot },
  ): Promise<WorkflowHandle>;
  /** A backup of some stores (left out: all) to its end; gives the ids by store. */
  backup(options?: {
    readonly stores?: readonly string[];
    readonly plan?: string;
  }): Promise<Record<string, string>>;
  restore(options?: Partial<RestoreInput> & { readonly asked?: Identity }): Promise<WorkflowHandle>;
  timeline(handle: WorkflowHandle): Promise<Timeline>;
  /** Titles of the steps, with `✗` before those that failed. */
  steps(handle: WorkflowHandle): Promise<string[]>;
  /** The record of a run, once it is there. */
  record(handle: WorkflowHandle): Promise<EvidenceRecord>;
  /** Keys in storage under a prefix. */
  keys(prefix: string): Promise<string[]>;
  /** Nobody holds or waits for anything. */
  expectAllLetGo(): Promise<void>;
  end(): Promise<void>;
}

export function createWorld(
  options: WorldOptions & { readonly site: string; readonly steady: Steady },
): World {
  const { steady, site } = options;
  const stack = `s-${randomBytes(4).toString('hex')}`;
  const stores = options.stores ?? { db: {} };
  const services = options.services ?? {};
  const script = createScript();
  const storage = options.storage ?? createMemoryStorage();
  const running: FakeServices = new Map(Object.keys(services).map((name) => [name, 'running']));
  const fleet = createFakeFleet(script);
  const answers = new Map<string, string>();
  const logs = new Map<string, string>();
  const data = new Map(
    Object.entries(stores).map(([name, { live }]) => [name, createFakeData(live ?? `data of ${name}`)]),
  );
  const parsed = stackSchema.parse({
    version: 1,
    stack,
    site,
    storage: { main: { directory: { path: 'memory' } } },
    stores: Object.fromEntries(
      Object.entries(stores).map(([name, { files }]) => [
        name,
        files ? { files: { path: name } } : { postgres: { database: name, user: 'me' } },
      ]),
    ),
    services: Object.fromEntries(
      Object.entries(services).map(([name, needs]) => [
        name,
        {
          needs,
          unit: `${name}.service`,
          health: { http: { url: `http://${name}/health` } },
          healthWithin: '2s',
          log: { watch: '1s', fail: 'out of memory' },
        },
      ]),
    ),
    ...options.file,
  });
  const snapshot: StackSnapshot = {
    stack: parsed,
    configSha256: createHash('sha256').update(stack).digest('hex'),
    folder: '/nowhere',
  };
  const dataOf = (name: string): FakeData => {
    const found = data.get(name);
    if (found === undefined) throw new Error(`no store ${name}`);
    return found;
  };
  const handles: WorkflowHandle[] = [];
  const jobsFolder = join(tmpdir(), `steady-world-jobs-${stack}`);

  const world: World = {
    stack,
    snapshot,
    storage,
    script,
    services: running,
    env: {},
    answers,
    logs,
    fleet,
    jobsFolder,
    calendars: [],
    runtime: createFakeRuntime(
      running,
      script,
      logs,
      fleet,
      createHostJobs({ baseFolder: tmpdir(), jobsFolder }),
    ),
    router: fleet.router,
    probes: createFakeProbes(answers, script),
    data: dataOf,
    storePort: (name) =>
      createFakeStore({ name, kind: stores[name]?.files ? 'files' : 'postgres', data: dataOf(name), script }),

    async start<I extends RunInput>(
      procedure: Procedure,
      input: Omit<I, 'version' | 'snapshot' | 'by'>,
      how: { readonly by?: Requester; readonly request?: string; readonly snapshot?: StackSnapshot } = {},
    ) {
      const common = {
        version: 1,
        snapshot: how.snapshot ?? snapshot,
        by: how.by ?? { name: 'tester' },
      } as const;
      const request = how.request === undefined ? {} : { request: how.request };
      const handle = await startRun(steady, { procedure, input: { ...common, ...input } as I, ...request });
      handles.push(handle);
      return handle;
    },

    async backup({ stores: chosen, plan } = {}) {
      const input = { stores: chosen ?? Object.keys(stores), ...(plan !== undefined && { plan }) };
      const handle = await world.start<BackupInput>('backup', input);
      const result = await resultOf<{ stores: { store: string; backupId: string }[] }>(handle);
      return Object.fromEntries(result.stores.map((one) => [one.store, one.backupId]));
    },

    async restore({ asked, ...more } = {}) {
      const request = newRequest();
      const selection: Selection = { text: 'latest', stores: Object.keys(stores), unverified: false };
      const input = {
        selection,
        mode: 'beside',
        dryRun: false,
        consumersFirst: false,
        token: request.slice(-8),
        ...more,
      } as const;
      const by = asked ? { by: signedRequester(asked, restoreRequest(input)) } : {};
      return await world.start<RestoreInput>('restore', input, { request, ...by });
    },

    timeline: (handle) => handle.query<Timeline>(TIMELINE_QUERY),
    async steps(handle) {
      const { steps } = await world.timeline(handle);
      return steps.map((one) => (one.status === 'failed' ? `✗ ${one.title}` : one.title));
    },

    async record(handle) {
      const { runId: id } = await handle.describe();
      return await vi.waitFor(async () => {
        for (const key of await world.keys('records/')) {
          const record = recordSchema.parse(JSON.parse(((await storage.read(key)) ?? '').toString()));
          if (record.run.runId === id) return record;
        }
        throw new Error(`no record of ${handle.workflowId}`);
      }, PATIENTLY);
    },

    async keys(prefix) {
      const found: string[] = [];
      for await (const { key } of storage.list(prefix)) found.push(key);
      return found;
    },

    async expectAllLetGo() {
      await vi.waitFor(async () => {
        for (const store of Object.keys(stores)) {
          const state = await targetState(steady, parsed, store);
          expect(state?.holders ?? [], store).toEqual([]);
          expect(state?.waiting ?? [], store).toEqual([]);
        }
        const claimed = await storageState(steady, parsed);
        expect(claimed?.claims ?? []).toEqual([]);
        expect(claimed?.deleting ?? []).toEqual([]);
      }, PATIENTLY);
    },

    async end() {
      const ids = [
        ...handles.map((one) => one.workflowId),
        ...handles.map((one) => runId('hold', stack, one.workflowId.slice(-8))),
        ...Object.keys(stores).map((store) => targetEntityId(stack, store)),
        storageEntityId(stack),
        ledgerEntityId(stack),
        watchEntityId(stack),
      ];
      for (const id of ids)
        await steady.client.workflow
          .getHandle(id)
          .terminate('the test is over')
          .catch(() => undefined);
    },
  };
  return world;
}

/** How a run failed; a run that ends well is no failure. */
export async function failureOfRun(handle: WorkflowHandle): Promise<RunFailure> {
  try {
    await resultOf(handle);
  } catch (error) {
    if (error instanceof RunFailure) return error;
    throw error;
  }
  throw new Error(`${handle.workflowId} ended well`);
}
