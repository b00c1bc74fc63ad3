import { createStorage } from '../../adapters/storage/index.js';
import type { StoragePort } from '../../adapters/storage/port.js';
import { createSecrets } from '../../adapters/secrets/read-secret.js';
import type { LoadedStack } from '../../config/load-stack-file.js';

/** The storage a stack file names, as this machine and this environment reach it: for what works without Temporal. */
export async function openStorage({ stack, folder }: LoadedStack): Promise<StoragePort> {
  const secrets = createSecrets({ env: process.env, baseFolder: folder });
  const { main, lock } = stack.storage;
  return await createStorage(main, {
    stack: stack.stack,
    baseFolder: folder,
    secrets,
    lock,
    stallSeconds: stack.limits.stall,
  });
}
