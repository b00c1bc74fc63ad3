import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuntimePort } from '../../../../src/adapters/runtimes/port.js';
import { createFilesStore } from '../../../../src/adapters/stores/files/index.js';
import { volumeStoreSchema } from '../../../../src/contracts/stack/stores.js';
import type { StoreRig } from '../suite.js';
import { CANARY } from '../suite/bench.js';
import { listTree, makeTree } from './sample-tree.js';

/** A folder with everything an archive can lose, and a file whose content is known. */
export function filesRig(runtime: RuntimePort): StoreRig {
  const folder = mkdtempSync(join(tmpdir(), 'steady-rig-'));
  const [live, model] = [join(folder, 'site', 'data'), join(folder, 'model')];
  makeTree(model);
  for (let i = 0; i < 120; i++) writeFileSync(join(model, `note-${i}`), `${CANARY} ${i}`);
  execFileSync('mkdir', [join(folder, 'site')]);
  const contents = (root: string): string => JSON.stringify(listTree(root), undefined, 1);
  let places = 0;

  return {
    store: createFilesStore({ name: 'uploads', config: volumeStoreSchema.parse({ path: live }), runtime }),
    reset() {
      rmSync(live, { recursive: true, force: true });
      execFileSync('cp', ['-a', '--sparse=always', model, live]);
    },
    contents: () => contents(live),
    spoil() {
      rmSync(join(live, 'plain.txt'));
      writeFileSync(join(live, 'note-1'), 'spoiled');
      writeFileSync(join(live, 'more'), 'x');
    },
    spoilLoaded({ token }) {
      const file = join(`${live}.steady-new-${token}`, 'note-5');
      const { atime, mtime } = statSync(file);
      writeFileSync(file, readFileSync(file, 'utf8').replace('canary', 'Canary'));
      utimesSync(file, atime, mtime);
    },
    traces: () => [
      ...readdirSync(join(folder, 'site')).filter((name) => name !== 'data'),
      ...readdirSync(live).filter((name) => name.startsWith('.steady')),
    ],
    elsewhere() {
      const into = join(folder, `elsewhere-${++places}`);
      return Promise.resolve({
        into,
        contents: () => contents(into),
        close: () => rmSync(into, { recursive: true }),
      });
    },
    escape(lines, env) {
      const options = { env: { ...process.env, ...env, DIR: live }, stdio: 'pipe' } as const;
      execFileSync('bash', ['-e', '-o', 'pipefail', '-c', lines.join('\n')], options);
      const restored = contents(live);
      for (const name of readdirSync(join(folder, 'site')).filter((each) => each.includes('.replaced-')))
        rmSync(join(folder, 'site', name), { recursive: true });
      return restored;
    },
    dataStreams: ['files'],
    secrets: [],
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
