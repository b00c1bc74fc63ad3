import { SteadyError } from '../../../contracts/failures.js';
import type { NginxRouterConfig } from '../../../contracts/stack/routers.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { RuntimePort } from '../../runtimes/port.js';
import type { RouterCall, RouterPort } from '../port.js';
import { connectionsTo } from './connections.js';
import { SET_SCRIPT } from './set-script.js';
import { upstreamsIn, upstreamText } from './upstream.js';

export interface NginxOptions {
  readonly config: NginxRouterConfig;
  readonly runtime: Pick<RuntimePort, 'place'>;
}

/** nginx that includes a folder of ours: a file an upstream. Driven where it runs, by its own test and its own signal. */
export function createNginxRouter({ config, runtime }: NginxOptions): RouterPort {
  const { service, folder } = config;
  const label = service === undefined ? 'nginx' : `nginx in ${service}`;
  const fileOf = (upstream: string): string => `${folder.replace(/\/+$/, '')}/${upstream}.conf`;
  const run = async (argv: readonly [string, ...string[]], call: RouterCall, input?: string) => {
    const tool = runtime.place({ argv }, { service, marker: call.marker });
    try {
      return await runTool(tool, {
        signal: call.signal,
        okCodes: [0, 3, 4, 5],
        ...(input !== undefined && { input }),
      });
    } catch (error) {
      if (!(error instanceof SteadyError) || error.code !== 'tool.failed') throw error;
      throw failed({ says: String(error.facts['says'] ?? error.message) }, error);
    }
  };
  const failed = (facts: Record<string, string>, cause?: unknown): SteadyError =>
    new SteadyError('router.failed', { router: label, ...facts }, { cause });
  const table = async (call: RouterCall): Promise<string> =>
    (await run(['sh', '-c', 'cat /proc/net/tcp; cat /proc/net/tcp6 2>/dev/null || :'], call)).stdout;

  return {
    kind: 'nginx',
    label,

    async set(route, call) {
      const argv = ['sh', '-c', SET_SCRIPT, 'sh', fileOf(route.upstream)] as const;
      const { code, stdout, stderr } = await run(argv, call, upstreamText(route));
      if (code === 0) return stdout.trim() === 'same' ? 'same' : 'changed';
      const refused = code === 3;
      const says = stderr.trim().split('\n').slice(-3).join(' | ');
      const facts = { router: label, upstream: route.upstream, says };
      throw new SteadyError('router.failed', facts, { retryable: !refused });
    },

    async current(upstream, call) {
      const { stdout } = await run(['sh', '-c', 'cat "$1" 2>/dev/null || :', 'sh', fileOf(upstream)], call);
      return stdout === '' ? undefined : upstreamsIn(stdout);
    },

    connections: async (to, call) => connectionsTo(await table(call), to),

    async check(upstream, call) {
      const { code, stdout, stderr } = await run(['sh', '-c', 'nginx -T 2>&1 || exit 3'], call);
      if (code !== 0) throw failed({ says: (stderr || stdout).trim().split('\n').slice(-2).join(' | ') });
      const includes = [...stdout.matchAll(/^\s*include\s+([^;]+);/gm)].map(([, pattern]) => pattern?.trim());
      const wanted = folder.replace(/\/+$/, '');
      if (!includes.some((one) => one?.startsWith(`${wanted}/`)))
        throw failed({ error: `its configuration includes nothing of ${wanted}` });
      const used = new RegExp(`_pass\\s+(?:https?://|grpcs?://)?${escaped(upstream)}[;/:]`);
      if (!used.test(stdout))
        throw failed({ error: `nothing in its configuration passes requests to ${upstream}` });
    },
  };
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\-]/g, '\\$&');
