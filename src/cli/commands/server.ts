import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadStackFile } from '../../config/load-stack-file.js';
import { SteadyError } from '../../contracts/failures.js';
import { contextOf, type Context } from '../context.js';
import { install, installOption } from '../install/install.js';
import { isLoopback, listenAt } from '../listen-options.js';
import { apiIdentity, apiLine, tokensPath } from '../token-files.js';

interface Options {
  readonly listen: string;
  readonly tokens?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly plain?: boolean;
  readonly logLevel: string;
  readonly install?: string | true;
}

export function addServerCommand(program: Command): void {
  program
    .command('server')
    .argument('[files...]', 'stack files, or their folders; default: that of --config')
    .description('the HTTP API, for CD systems and scripts; `steady up` has one of its own')
    .option('--listen <host:port>', 'where', '127.0.0.1:8790')
    .option(
      '--tokens <file>',
      'file of its tokens (`steady token`); default: STEADY_TOKENS, .steady/tokens.json',
    )
    .option('--cert <file>', 'TLS: the certificate, with its chain')
    .option('--key <file>', 'TLS: its key')
    .option('--plain', 'listen to other machines without TLS: something before it has that')
    .option('--log-level <level>', 'trace, debug, info, warn, error', 'info')
    .addOption(installOption())
    .action(async (files: string[], options: Options, command: Command) => {
      const context = contextOf(command);
      const at = listenAt('listen', options.listen);
      if (at === undefined)
        throw new SteadyError('usage.invalid', { listen: 'off', allowed: 'a port, or host:port' });
      const tls = await tlsOf(options);
      if (tls === undefined && !isLoopback(at.host) && options.plain !== true)
        throw new SteadyError('usage.invalid', {
          listen: options.listen,
          error:
            'tokens would go over the network in plain: --cert and --key, or --plain behind what has TLS',
        });
      const paths = files.length > 0 ? files : [context.options.config];
      // Files that are not there, or two of one stack, are told now.
      const stacks = await Promise.all(paths.map(async (path) => (await loadStackFile(path)).stack));
      const names = stacks.map((one) => one.stack);
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice !== undefined)
        throw new SteadyError('usage.invalid', { stack: twice, error: 'of two files' });
      if (options.install !== undefined) return await installServer(context, options.install);

      const tokensFile = tokensPath(options.tokens, paths[0] ?? '.');
      const signer = await apiIdentity(tokensFile);
      const { runServer } = await import('../embedded/run-server.js');
      await runServer({
        connect: context.options,
        files: paths.map((path) => resolve(path)),
        tokensFile,
        signer,
        ...at,
        tls,
        logLevel: options.logLevel,
        onReady: (url) => {
          context.output.line(`API ready: ${url}, stacks ${names.join(', ')}, tokens in ${tokensFile}`);
          for (const stack of stacks) {
            const line = apiLine(signer, stack.api);
            if (line !== undefined)
              context.output.line(`what it signs counts once the file of ${stack.stack} has: ${line}`);
          }
          context.output.document({ ready: true, url, stacks: names, tokens: tokensFile });
        },
      });
    });
}

async function installServer(context: Context, to: string | true): Promise<void> {
  await install(
    { name: 'steady-server', description: 'steadyhand: HTTP API', variables: [], reloads: false, to },
    context.output,
  );
}

async function tlsOf({ cert, key }: Options): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new SteadyError('usage.invalid', { error: '--cert and --key go together' });
  const read = async (option: string, path: string): Promise<Buffer> =>
    await readFile(path).catch((cause: NodeJS.ErrnoException) => {
      throw new SteadyError('usage.invalid', { [option]: path, error: cause.code }, { cause });
    });
  return { cert: await read('cert', cert), key: await read('key', key) };
}
