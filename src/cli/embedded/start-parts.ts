import { fileURLToPath } from 'node:url';
import { ALLOW_FILE } from '../../config/allow-file.js';
import { TOKENS_FILE } from '../../config/tokens-file.js';
import type { Context } from '../context.js';
import type { Output } from '../output.js';
import { note, type StateFolder } from './state-folder.js';
import { supervise, type Supervised } from './supervise.js';
import type { Basis } from './up-basis.js';

/** The processes of a `steady up` beside Temporal: each is started again when it ends. */

export function startWorker(of: {
  readonly folder: StateFolder;
  readonly address: string;
  readonly output: Output;
  readonly basis: Basis;
  readonly metrics: string;
}): Supervised {
  const { folder, address, output, basis, metrics } = of;
  const logFile = folder.file('worker.log');
  const own = ['--site', basis.site, '--scratch', folder.scratch, '--metrics', metrics];
  const trusted = ['--trust', folder.file(ALLOW_FILE)];
  return supervise({
    argv: [
      process.execPath,
      ...process.execArgv,
      mainFile(),
      '--address',
      address,
      'worker',
      ...own,
      ...trusted,
    ],
    env: process.env,
    cwd: basis.folder,
    logFile,
    onStart: (pid) => void note(folder, 'worker.json', { pid }),
    onEnd: (how) => output.warn(`the worker ended (${how}) and is started again; see ${logFile}`),
  });
}

export function startApi(of: {
  readonly context: Context;
  readonly folder: StateFolder;
  readonly address: string;
  readonly listen: string;
}): Supervised {
  const { context, folder, address, listen } = of;
  const logFile = folder.file('api.log');
  const { config, namespace, profile } = context.options;
  const reached = [
    ...['--address', address, '--config', config],
    ...(namespace === undefined ? [] : ['--namespace', namespace]),
    ...(profile === undefined ? [] : ['--profile', profile]),
  ];
  const own = ['--listen', listen, '--tokens', folder.file(TOKENS_FILE)];
  return supervise({
    argv: [process.execPath, ...process.execArgv, mainFile(), ...reached, 'server', ...own],
    env: process.env,
    // Where --config is relative to.
    cwd: process.cwd(),
    logFile,
    onStart: (pid) => void note(folder, 'api.json', { pid }),
    onEnd: (how) =>
      context.output.warn(
        `the API ended (${how}) and is started again; see ${logFile}. Another address: --api; none: --api off`,
      ),
  });
}

const mainFile = (): string =>
  fileURLToPath(new URL('../main.js', import.meta.url)).replace(
    /\.js$/,
    import.meta.url.endsWith('.ts') ? '.ts' : '.js',
  );
