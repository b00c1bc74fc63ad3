import { randomBytes } from 'node:crypto';
import { Secret } from '../../../contracts/secret.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import type { StoreCall } from '../port.js';
import type { StoreOptions } from './access.js';
import { packagedFolders } from './find-tools.js';
import { SPARE } from './free-space.js';
import { scratchHome } from './scratch-folder.js';
import { serverFolder, type ScratchServer, type ScratchWanted } from './scratch-server.js';
import { serverAccount } from './server-account.js';
import { startThrowawayServer } from './throwaway-server.js';

/** A throwaway server from the programs of this machine: the folder configured for it, else a package's. */
export async function scratchOnWorker(
  options: StoreOptions,
  call: StoreCall,
  { major, detail, folder, settings, user }: ScratchWanted,
): Promise<ScratchServer> {
  const { config, runtime } = options;
  const place = (argv: [string, ...string[]]): PlacedTool =>
    runtime.place({ argv, env: { LC_ALL: 'C' } }, { marker: call.marker });
  const given = config.service === undefined && config.bin !== undefined ? [config.bin] : [];
  const packaged = packagedFolders().filter((one) => one.major === major);
  const bins = [...given, ...packaged.map((one) => one.bin)];
  const bin = (await serverFolder(bins, major, place, call.signal)) ?? '';
  const password = new Secret(randomBytes(24).toString('base64url'));
  const account = await serverAccount(call.signal);
  const server = await startThrowawayServer({
    bin,
    user,
    password,
    place,
    account,
    home: await scratchHome(folder, account, detail.database.bytes * SPARE),
    settings,
    signal: call.signal,
  });
  return {
    where: 'on the worker',
    config: { host: '127.0.0.1', port: server.port, bin },
    password,
    runtime,
    close: () => server.close(),
  };
}
