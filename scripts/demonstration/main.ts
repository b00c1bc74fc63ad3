import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createDemo } from './stack.js';
import { story } from './story.js';

/**
 * The main job on real data, told as it happens: see README. Exits 0 only when all of it held. `--keep` leaves the
 * stack running and says how to use it.
 */
const { values } = parseArgs({
  options: {
    keep: { type: 'boolean', default: false },
    docker: { type: 'boolean', default: false },
    mib: { type: 'string', default: '300' },
  },
});

/** With less, the worker that is killed in the middle of the backup would meet no middle. */
const LEAST_MIB = 60;
if (!(Number(values.mib) >= LEAST_MIB)) {
  console.error(`--mib ${values.mib}: must be a number from ${LEAST_MIB} on`);
  process.exit(2);
}

const demo = await createDemo({ mib: Number(values.mib), docker: values.docker });
let held = false;
try {
  held = await story(demo);
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  console.error(demo.lastWords());
}
if (values.keep && held) {
  console.log(`\nStill running (--keep) until Ctrl-C. Web UI of Temporal: ${demo.ui}. In ${demo.folder}:`);
  console.log('  node dist/cli/main.js --config steady.yaml status');
  await new Promise((resolve) => process.once('SIGINT', resolve));
}
await demo.end();
await rm(demo.folder, { recursive: true, force: true });
process.exitCode = held ? 0 : 1;
