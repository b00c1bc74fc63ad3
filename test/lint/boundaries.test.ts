import { ESLint, type Linter } from 'eslint';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Rules that hold the arrows; the others would only slow this test. */
const HOLDERS = new Set([
  'import-x/no-restricted-paths',
  '@typescript-eslint/no-restricted-imports',
  'import-x/no-nodejs-modules',
]);

let eslint: ESLint;
beforeAll(() => {
  eslint = new ESLint({
    cwd: root,
    // A snippet is no file of the project, so there are no types for it; these rules need none.
    overrideConfig: { languageOptions: { parserOptions: { projectService: false } } } satisfies Linter.Config,
    ruleFilter: ({ ruleId }) => HOLDERS.has(ruleId),
  });
});

/** What the lint rules say about one line, were it in that file. */
async function findings(file: string, line: string): Promise<string[]> {
  const results = await eslint.lintText(`${line}\n`, { filePath: join(root, file) });
  return results.flatMap((result) => result.messages.map((message) => message.message));
}

/** Some file of a folder, as an import from two levels below src would name it. */
function anyFileOf(folder: string): string {
  const name = readdirSync(join(root, 'src', folder)).find(
    (entry) => entry.endsWith('.ts') && entry !== 'port.ts',
  );
  if (name === undefined) throw new Error(`src/${folder} has no file to import`);
  return `../../${folder}/${name.replace(/\.ts$/, '.js')}`;
}

const importOf = (from: string): string => `import * as it from '${from}';\nexport { it };`;
const storePort = '../../adapters/stores/port.js';
const storageVendor = '../../adapters/storage/s3/s3.js';

describe('the arrows of src', () => {
  it.each([
    ['src/contracts/deep/a.ts', 'pipelines'],
    ['src/contracts/deep/a.ts', 'config'],
    ['src/config/deep/a.ts', 'pipelines'],
    ['src/pipelines/deep/a.ts', 'activities'],
    ['src/pipelines/deep/a.ts', 'config'],
    ['src/adapters/stores/a.ts', 'activities'],
    ['src/adapters/stores/a.ts', 'config'],
    ['src/activities/deep/a.ts', 'config'],
    ['src/activities/deep/a.ts', 'workflows'],
    ['src/workflows/deep/a.ts', 'pipelines'],
    ['src/workflows/deep/a.ts', 'config'],
    ['src/client/deep/a.ts', 'activities'],
    ['src/client/deep/a.ts', 'config'],
    ['src/server/deep/a.ts', 'activities'],
    ['src/cli/deep/a.ts', 'activities'],
    ['src/cli/deep/a.ts', 'pipelines'],
  ])('%s may not import src/%s', async (file, room) => {
    expect(await findings(file, importOf(anyFileOf(room)))).toEqual([
      expect.stringContaining(`may not import src/${room}`),
    ]);
  });

  it.each([
    ['src/config/deep/a.ts', 'contracts'],
    ['src/pipelines/deep/a.ts', 'contracts'],
    ['src/adapters/stores/a.ts', 'pipelines'],
    ['src/activities/deep/a.ts', 'pipelines'],
    ['src/workflows/deep/a.ts', 'contracts'],
    ['src/client/deep/a.ts', 'contracts'],
    ['src/cli/deep/a.ts', 'config'],
    ['src/workers/deep/a.ts', 'workflows'],
  ])('%s may import src/%s', async (file, room) => {
    expect(await findings(file, importOf(anyFileOf(room)))).toEqual([]);
  });

  it('lets activities know ports, not vendors', async () => {
    expect(await findings('src/activities/deep/a.ts', importOf(storePort))).toEqual([]);
    expect(await findings('src/activities/deep/a.ts', importOf(storageVendor))).toEqual([
      expect.stringContaining('may not import a vendor'),
    ]);
  });

  it('lets a store adapter know the port of runtimes, not a runtime', async () => {
    expect(await findings('src/adapters/stores/a.ts', importOf('../runtimes/port.js'))).toEqual([]);
    expect(await findings('src/adapters/stores/a.ts', importOf('../runtimes/index.js'))).toEqual([
      expect.stringContaining('runtimes vendors from stores'),
    ]);
  });

  it('lets only workers and the embedded mode of the CLI know vendors', async () => {
    expect(await findings('src/workers/deep/a.ts', importOf(storageVendor))).toEqual([]);
    expect(await findings('src/cli/embedded/a.ts', importOf(storageVendor))).toEqual([]);
    expect(await findings('src/cli/deep/a.ts', importOf(storageVendor))).toEqual([
      expect.stringContaining('src/adapters'),
    ]);
    expect(await findings('src/workflows/deep/a.ts', importOf(storePort))).toEqual([
      expect.stringContaining('src/adapters'),
    ]);
  });

  it('lets workflows know the types of activities only', async () => {
    const activities = '../../activities/index.js';
    expect(
      await findings(
        'src/workflows/deep/a.ts',
        `import type { A } from '${activities}';\nexport type B = A;`,
      ),
    ).toEqual([]);
    expect(await findings('src/workflows/deep/a.ts', importOf(activities))).toEqual([
      expect.stringContaining('types of activities only'),
    ]);
  });

  it('keeps Node.js out of contracts and workflows', async () => {
    expect(await findings('src/contracts/deep/a.ts', importOf('node:fs'))).toHaveLength(1);
    expect(await findings('src/workflows/deep/a.ts', importOf('node:crypto'))).toHaveLength(1);
    expect(await findings('src/pipelines/deep/a.ts', importOf('node:fs'))).toEqual([]);
  });

  it('keeps the worker and vendor packages where they can be exchanged', async () => {
    expect(await findings('src/cli/deep/a.ts', importOf('@temporalio/worker'))).toHaveLength(1);
    expect(await findings('src/activities/deep/a.ts', importOf('@aws-sdk/client-s3'))).toHaveLength(1);
    expect(await findings('src/workers/deep/a.ts', importOf('@temporalio/worker'))).toEqual([]);
  });
});
