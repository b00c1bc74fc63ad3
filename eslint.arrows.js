import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import tseslint from 'typescript-eslint';

/**
 * Which room of src may import which others; docs/architecture.md draws the same picture. `ports` stands for
 * adapters/<kind>/port.ts, what the adapters promise without saying who keeps it.
 */
export const ARROWS = {
  contracts: [],
  config: ['contracts'],
  client: ['contracts'],
  judge: ['contracts'],
  pipelines: ['contracts'],
  adapters: ['ports', 'pipelines', 'contracts'],
  activities: ['ports', 'pipelines', 'judge', 'contracts'],
  workflows: ['activities', 'contracts'],
  server: ['client', 'config', 'contracts'],
  cli: ['client', 'config', 'contracts'],
  workers: [
    'workflows',
    'activities',
    'adapters',
    'ports',
    'pipelines',
    'judge',
    'client',
    'config',
    'contracts',
    'server',
  ],
};

/** Rooms whose code has to run in the workflow sandbox, where there is no Node.js. */
const PURE = ['contracts', 'workflows', 'judge'];

/** Packages that only one place may know, so that they can be exchanged there. */
const KNOWN_ONLY_BY = {
  '@temporalio/worker': ['workers'],
  '@temporalio/workflow': ['workflows'],
  '@temporalio/activity': ['activities', 'workers'],
  '@temporalio/client': ['client', 'activities', 'workers', 'cli', 'server'],
  '@aws-sdk/*': ['adapters'],
  '@smithy/*': ['adapters'],
};

const source = join(import.meta.dirname, 'src');
const folders = (path) =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);

const rooms = [...new Set([...folders(source), ...Object.keys(ARROWS)])];
for (const room of rooms) {
  if (!(room in ARROWS))
    throw new Error(`src/${room} has no line in ARROWS: say in eslint.arrows.js what it may import`);
}

/** Everything of one kind of adapter but its port. */
const vendorsOf = (kind) => [`src/adapters/${kind}/!(port).ts`, `src/adapters/${kind}/*/**`];

function zonesOf(room) {
  const zones = [];
  const forbid = (target, from, what) =>
    zones.push({ target, from, message: `src/${room} may not import ${what} (eslint.arrows.js).` });
  for (const other of rooms) {
    if (other === room || other === 'adapters' || ARROWS[room].includes(other)) continue;
    forbid(`src/${room}`, `src/${other}`, `src/${other}`);
  }
  if (room === 'adapters') {
    for (const kind of folders(join(source, 'adapters'))) {
      for (const other of folders(join(source, 'adapters')).filter((name) => name !== kind)) {
        for (const from of vendorsOf(other))
          forbid(`src/adapters/${kind}`, from, `${other} vendors from ${kind}`);
      }
    }
  } else if (!ARROWS[room].includes('ports')) {
    forbid(`src/${room}`, 'src/adapters', 'src/adapters');
  } else if (!ARROWS[room].includes('adapters')) {
    for (const from of vendorsOf('*'))
      forbid(`src/${room}`, from, 'a vendor; its port.ts is what it may know');
  }
  return zones;
}

function packagesOf(room) {
  const patterns = Object.entries(KNOWN_ONLY_BY)
    .filter(([, knowers]) => !knowers.includes(room))
    .map(([name, knowers]) => ({
      group: [name],
      allowTypeImports: true,
      message: `Only src/${knowers.join(', src/')} may know it.`,
    }));
  if (room === 'workflows') {
    patterns.push({
      group: ['**/activities/**'],
      allowTypeImports: true,
      message: 'Workflows know the types of activities only (import type).',
    });
  }
  return patterns;
}

/** Lint configuration that holds the arrows, a block a room. */
export const arrows = rooms.map((room) => ({
  files: [`src/${room}/**/*.ts`],
  // The embedded mode of the CLI boots a worker, so it may know what workers know.
  ignores: ['src/cli/embedded*', 'src/cli/embedded/**'],
  plugins: { '@typescript-eslint': tseslint.plugin },
  rules: {
    'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: zonesOf(room) }],
    '@typescript-eslint/no-restricted-imports': ['error', { patterns: packagesOf(room) }],
    ...(PURE.includes(room) ? { 'import-x/no-nodejs-modules': 'error' } : {}),
  },
}));
