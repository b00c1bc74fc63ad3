import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { StoragePort } from '../adapters/storage/port.js';
import { SteadyError } from '../contracts/failures.js';
import { timeId } from '../contracts/ids.js';
import { keys } from '../contracts/keys.js';
import type { Role } from '../contracts/names.js';
import type { CheckLine } from '../contracts/runs/check-line.js';
import type { BackupRef } from '../contracts/runs/claims.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { withCall } from './call.js';
import { deleteAll } from './catalog/delete-all.js';
import type { Ports } from './ports.js';

/** Roles that try to delete what they should not be able to: each has a probe of its own for that. */
const PROBED = ['backup', 'proof', 'change'] as const;
type Probed = (typeof PROBED)[number];

const probeKey = ({ store, id }: BackupRef, role: Probed): string => keys.data(store, id, `probe.${role}`);

export interface Probe {
  /** As a failed attempt of a backup would leave it: what is not deleted here is swept. */
  readonly probe: BackupRef;
  readonly lines: CheckLine[];
}

/**
 * Whether the credential of each role is enough, by trying the least it needs; and whether it is more than that, where
 * this worker serves that role alone.
 */
export function createRoleChecks(ports: Ports, roles: readonly Role[]) {
  const alone = (role: Role): boolean => roles.every((one) => one === role || one === 'quick');

  return {
    /** Role `backup`: puts the probes. Each attempt has an id of its own. */
    async checkBackupRights(input: { snapshot: StackSnapshot; now: string }): Promise<Probe> {
      return await withCall({ title: 'Try the rights of backup' }, async () => {
        const store = Object.keys(input.snapshot.stack.stores)[0] ?? 'none';
        const probe: BackupRef = { store, id: timeId(new Date(input.now), randomBytes(5)) };
        const storage = await ports.storage(input.snapshot);
        const lines = await rights('backup', async (need) => {
          for (const role of PROBED)
            await need('put data', () =>
              storage.put(probeKey(probe, role), Readable.from([Buffer.from(`probe of ${role}`)])),
            );
        });
        if (alone('backup'))
          lines.push(
            ...(await excess('backup', {
              'read data': () => storage.read(probeKey(probe, 'backup')),
              'delete data': () => storage.delete(probeKey(probe, 'backup')),
            })),
          );
        return { probe, lines };
      });
    },

    /** Role `proof`: reads the probe. What it writes is tried by the check of storage. */
    async checkProofRights(input: { snapshot: StackSnapshot; probe: BackupRef }): Promise<CheckLine[]> {
      return await readerRights(ports, { ...input, role: 'proof', alone: alone('proof') });
    },

    /** Role `change`: reads the probe. */
    async checkChangeRights(input: { snapshot: StackSnapshot; probe: BackupRef }): Promise<CheckLine[]> {
      return await readerRights(ports, { ...input, role: 'change', alone: alone('change') });
    },

    /** Role `keeper`: deletes the probes. Deleting what is gone already is fine. */
    async checkKeeperRights(input: { snapshot: StackSnapshot; probe: BackupRef }): Promise<CheckLine[]> {
      const { probe, snapshot } = input;
      return await withCall({ title: 'Try the rights of keeper' }, async () => {
        const storage = await ports.storage(snapshot);
        const more = alone('keeper')
          ? await excess('keeper', { 'read data': () => readProbes(storage, probe) })
          : [];
        const lines = await rights('keeper', async (need) => {
          await need('list marks', () => listSome(storage, keys.markPrefix(probe.store)));
          await need('list and delete data', () =>
            deleteAll(storage, keys.dataPrefix(probe.store, probe.id)),
          );
        });
        return [...lines, ...more];
      });
    },
  };
}
export type RoleChecks = ReturnType<typeof createRoleChecks>;

async function readerRights(
  ports: Ports,
  of: {
    readonly snapshot: StackSnapshot;
    readonly probe: BackupRef;
    readonly role: 'proof' | 'change';
    readonly alone: boolean;
  },
): Promise<CheckLine[]> {
  const { probe, role } = of;
  return await withCall({ title: `Try the rights of ${role}` }, async () => {
    const storage = await ports.storage(of.snapshot);
    const lines = await rights(role, async (need) => {
      await need('list', () => listSome(storage, keys.manifestPrefix(probe.store)));
      await need('read data', () => storage.read(probeKey(probe, role)));
    });
    if (!of.alone) return lines;
    const more = await excess(role, { 'delete data': () => storage.delete(probeKey(probe, role)) });
    return [...lines, ...more];
  });
}

type Need = (words: string, attempt: () => Promise<unknown>) => Promise<void>;

/** One line for all that a role needs, or one for each thing it may not. Anything else that fails is a line too. */
async function rights(role: Role, attempt: (need: Need) => Promise<void>): Promise<CheckLine[]> {
  const what = `role ${role}`;
  const lacks: CheckLine[] = [];
  const tried: string[] = [];
  const need: Need = async (words, call) => {
    tried.push(words);
    try {
      await call();
    } catch (error) {
      if (!(error instanceof SteadyError)) throw error;
      const hint = error.code === 'storage.denied' ? 'docs/permissions.md has its policy.' : error.hint;
      lacks.push({ what, status: 'error', message: `cannot ${words}: ${error.message}`, hint });
    }
  };
  await attempt(need);
  if (lacks.length > 0) return lacks;
  return [{ what, status: 'ok', message: `may ${[...new Set(tried)].join(', ')}` }];
}

/** A warning when something works that should be refused. */
async function excess(
  role: Role,
  attempts: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<CheckLine[]> {
  const may: string[] = [];
  for (const [words, attempt] of Object.entries(attempts)) {
    const worked = await attempt().then(
      () => true,
      () => false,
    );
    if (worked) may.push(words);
  }
  if (may.length === 0) return [];
  return [
    {
      what: `role ${role}`,
      status: 'warning',
      message: `may ${may.join(' and ')}, which it does not need`,
      hint: 'Give it a credential of its own: docs/permissions.md has its policy.',
    },
  ];
}

async function readProbes(storage: StoragePort, probe: BackupRef): Promise<void> {
  for (const role of PROBED) if ((await storage.read(probeKey(probe, role))) !== undefined) return;
  throw new SteadyError('storage.missing', { key: keys.dataPrefix(probe.store, probe.id) });
}

async function listSome(storage: StoragePort, prefix: string): Promise<void> {
  for await (const _ of storage.list(prefix)) return;
}
