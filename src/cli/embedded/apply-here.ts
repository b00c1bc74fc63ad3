import { ALLOW_FILE } from '../../config/allow-file.js';
import { connect, type Steady } from '../../client/connect.js';
import { storageState } from '../../client/entities.js';
import { applyStack } from '../commands/apply.js';
import type { Context } from '../context.js';
import { assertNoNew, trustButCommands, trustWhole } from '../trust-beside.js';
import type { StateFolder } from './state-folder.js';
import { noteApplied, type Basis } from './up-basis.js';

interface Here {
  readonly context: Context;
  readonly address: string;
  readonly folder: StateFolder;
  readonly basis: Basis;
}

/**
 * Loaded and checked whole before anything is changed: never half. Who starts `steady up` on a file trusts it; a command
 * that comes into the file later is not executed before somebody has said so.
 */
export async function applyHere(here: Here, by: 'start' | 'signal'): Promise<void> {
  const { context, folder, basis } = here;
  const { output } = context;
  const loaded = await context.load();
  const allowed = folder.file(ALLOW_FILE);
  if (by === 'start') await trustWhole(allowed, loaded);
  else assertNoNew(await trustButCommands(allowed, loaded), loaded);
  await withSteady(here, async (steady) => {
    const { name } = await context.requester();
    const changes = await applyStack(steady, loaded, name);
    for (const one of changes.filter(({ change }) => change !== 'none'))
      output.line(`${one.change} ${one.schedule}: ${one.words}`);
    if (by === 'signal') output.line(`applied: ${loaded.path} as it is now`);
  });
  const { stack, site } = loaded.stack;
  await noteApplied(folder, { stack, site, folder: loaded.folder });
  if (site !== basis.site)
    output.warn(`the site is ${site} now, and the worker here is at ${basis.site}: start \`steady up\` anew`);
}

/** Makes sure that something is applied to go on with. Throws what is wrong with the file when there is not. */
export async function goOnHere(here: Here, broken: Error): Promise<void> {
  const { basis, context } = here;
  await withSteady(here, async (steady) => {
    const applied = (await storageState(steady, basis))?.applied;
    if (applied === undefined) throw broken;
    context.output.warn(`stack ${basis.stack} goes on as applied ${applied.at} by ${applied.by}`);
  });
}

/** Workers are its own, or started apart when it suits: it does not give up while they come. */
const WORKER_SECONDS = 86_400;

async function withSteady(
  { context, address }: Here,
  body: (steady: Steady) => Promise<void>,
): Promise<void> {
  const steady = await connect({
    ...context.options,
    address,
    workerSeconds: WORKER_SECONDS,
    onWait: (words) => context.output.warn(`… ${words}`),
  });
  try {
    await body(steady);
  } finally {
    await steady.close();
  }
}
