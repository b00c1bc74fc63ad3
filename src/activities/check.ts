import { randomUUID } from 'node:crypto';
import type { StoragePort } from '../adapters/storage/port.js';
import { keys } from '../contracts/keys.js';
import { SteadyError } from '../contracts/failures.js';
import { ROLES, type Role } from '../contracts/names.js';
import { theOne } from '../contracts/one-of.js';
import type { SecretRef } from '../contracts/secret.js';
import { plainBackups } from '../contracts/stack/plain-backups.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import type { CheckLine } from '../contracts/runs/check-line.js';
import { checkTools } from '../pipelines/check-tools.js';
import { withCall } from './call.js';
import { checkEngine } from './check-engine.js';
import { checkIdentity } from './check-identity.js';
import { checkSecrets } from './check-secrets.js';
import { openStorage } from './opened-storage.js';
import type { Ports } from './ports.js';

const ok = (what: string, message: string): CheckLine => ({ what, status: 'ok', message });
const warning = (what: string, message: string, hint?: string): CheckLine => ({
  what,
  status: 'warning',
  message,
  hint,
});

/** An error as a line: what a person can mend is a finding here, not an exception. */
function errorLine(what: string, error: unknown): CheckLine {
  if (error instanceof SteadyError)
    return { what, status: 'error', message: error.message, hint: error.hint };
  throw error;
}

/** Writes an object and reads it back. A worker that may not delete leaves its 42 bytes there. */
async function probe(storage: StoragePort): Promise<void> {
  const key = keys.probe(new Date());
  const words = Buffer.from(`probe ${randomUUID()}`);
  if ((await storage.create(key, words)) === 'created') {
    const there = await storage.read(key);
    if (!there?.equals(words)) throw new SteadyError('storage.mismatch', { key });
  }
  await storage.delete(key).catch(() => undefined);
}

/**
 * Reaches everything the file names, a line each. Changes nothing but `stack.json`, which belongs there.
 *
 * @param serves the roles of this worker
 */
export function createCheckActivities(ports: Ports, serves: readonly Role[] = ROLES) {
  const changes = serves.includes('change');
  return {
    async checkStorage(input: { snapshot: StackSnapshot }): Promise<CheckLine[]> {
      const { snapshot } = input;
      return await withCall({ title: 'Check storage' }, async ({ signal }) => {
        const lines: CheckLine[] = [];
        try {
          const { storage } = await openStorage(ports, snapshot);
          await probe(storage);
          lines.push(ok('storage', `${storage.location} can be read and written`));
          const free = await storage.free();
          if (storage.lock) lines.push(...(await storage.lock.check()));
          if (free !== undefined) lines.push(ok('storage', `${Math.round(free / 2 ** 20)} MiB free`));
        } catch (error) {
          lines.push(errorLine('storage', error));
        }
        return [
          ...lines,
          ...unlockedLines(snapshot),
          ...(await checkEncryption(ports, snapshot)),
          ...(changes ? [] : await checkEngine(snapshot.stack, ports.runtime(snapshot), { signal })),
          ...(await checkSecrets(snapshot.stack, ports.secrets(snapshot))),
        ];
      });
    },

    async checkTools(input: { snapshot: StackSnapshot }): Promise<CheckLine[]> {
      const { snapshot } = input;
      return await withCall({ title: 'Check tools' }, async () => {
        const lines = await checkSecrets(snapshot.stack, ports.secrets(snapshot));
        for (const name of ['zstd', 'age', 'tar']) {
          try {
            lines.push(ok(name, Object.values(await checkTools([name])).join()));
          } catch (error) {
            lines.push(errorLine(name, error));
          }
        }
        return lines;
      });
    },

    async checkStore(input: { snapshot: StackSnapshot; store: string }): Promise<CheckLine[]> {
      const { snapshot, store } = input;
      return await withCall({ title: `Check ${store}`, store }, async (call) => {
        try {
          const lines = await (await ports.store(snapshot, store, 'reader')).check(call);
          return lines.map((line) => ({ ...line, what: `${store} ${line.what}` }));
        } catch (error) {
          return [errorLine(store, error)];
        }
      });
    },

    /** The same as its owner, who changes it: for a store whose backups are read with an account of their own. */
    async checkOwner(input: { snapshot: StackSnapshot; store: string }): Promise<CheckLine[]> {
      const { snapshot, store } = input;
      return await withCall({ title: `Check ${store} as its owner`, store }, async (call) => {
        try {
          const lines = await (await ports.store(snapshot, store)).check(call);
          return lines.map((line) => ({ ...line, what: `${store} ${line.what}` }));
        } catch (error) {
          return [errorLine(store, error)];
        }
      });
    },

    /** Asks each of the user's checks once, in daylight, so that one that cannot pass is found now. */
    async checkChecks(input: { snapshot: StackSnapshot }): Promise<CheckLine[]> {
      const { stack } = input.snapshot;
      return await withCall({ title: 'Ask the checks' }, async (call) => {
        const health = Object.entries(stack.services).flatMap(([name, service]) =>
          service.health ? [[`services.${name}`, service.health] as const] : [],
        );
        const own = Object.entries(stack.checks).map(([name, check]) => [`checks.${name}`, check] as const);
        const lines = await checkSecrets(stack, ports.secrets(input.snapshot));
        for (const [what, check] of [...health, ...own]) {
          try {
            const result = await ports.probes(input.snapshot).run(check, { signal: call.signal });
            lines.push(
              result.passed
                ? ok(what, result.answer)
                : {
                    what,
                    status: 'error',
                    message: result.answer,
                    hint: 'This check would fail after a restore too.',
                  },
            );
          } catch (error) {
            lines.push(errorLine(what, error));
          }
        }
        return lines;
      });
    },
  };
}
export type CheckActivities = ReturnType<typeof createCheckActivities>;

async function checkEncryption(ports: Ports, snapshot: StackSnapshot): Promise<CheckLine[]> {
  const { encryption } = snapshot.stack.storage;
  if (encryption === undefined)
    return [
      warning(
        'encryption',
        plainBackups(snapshot.stack),
        'Add storage.encryption.age; `steady init` makes the keys.',
      ),
    ];
  const lines: CheckLine[] = [];
  const { recipients, identity } = encryption.age;
  if (recipients.length < 2)
    lines.push(
      warning('encryption', 'only one recipient', 'Add a second one whose identity is kept elsewhere.'),
    );
  if (identity === undefined)
    lines.push(
      warning(
        'encryption',
        'no identity here: backups can be stored, not proven or restored',
        'Set storage.encryption.age.identity.',
      ),
    );
  else lines.push(...(await checkKey(ports, snapshot, identity, recipients)));
  return lines;
}

/** That nothing keeps backups from whoever gets hold of a worker's credential. */
function unlockedLines({ stack }: StackSnapshot): CheckLine[] {
  const { main, lock } = stack.storage;
  if (theOne(main).kind === 'directory')
    return [
      warning(
        'storage',
        'a folder cannot keep backups from being changed or deleted by this machine',
        'Use another disk at least; S3 with Object Lock is safer.',
      ),
    ];
  if (lock !== undefined) return [];
  return [
    warning(
      'storage lock',
      'backups are not locked: whoever may delete in the bucket may delete them all',
      'Make a bucket with Object Lock and set storage.lock.',
    ),
  ];
}

async function checkKey(
  ports: Ports,
  snapshot: StackSnapshot,
  reference: SecretRef,
  recipients: readonly string[],
): Promise<CheckLine[]> {
  try {
    return await checkIdentity(recipients, await ports.secrets(snapshot).resolve(reference));
  } catch (error) {
    return [errorLine('encryption', error)];
  }
}
