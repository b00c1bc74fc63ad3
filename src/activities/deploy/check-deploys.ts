import { SteadyError } from '../../contracts/failures.js';
import type { CheckLine } from '../../contracts/runs/check-line.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { withCall, type ActivityCall } from '../call.js';
import type { Ports } from '../ports.js';
import { serviceHandle } from '../service-handle.js';

/** What `steady check` tells of deploys, before there is one. */
export function createDeployChecks(ports: Ports) {
  return {
    /** Routers, and services that cannot run twice: a line each. Changes nothing. */
    async checkDeploys(input: { snapshot: StackSnapshot }): Promise<CheckLine[]> {
      const { snapshot } = input;
      return await withCall({ title: 'Check deploys' }, async (call) => [
        ...(await checkRouters(ports, snapshot, call)),
        ...(await checkTwice(ports, snapshot, call)),
      ]);
    },
  };
}
export type DeployChecks = ReturnType<typeof createDeployChecks>;

async function checkRouters(ports: Ports, snapshot: StackSnapshot, call: ActivityCall): Promise<CheckLine[]> {
  const lines: CheckLine[] = [];
  for (const [service, { router: routed }] of Object.entries(snapshot.stack.services)) {
    if (routed === undefined) continue;
    const what = `router ${routed.name}`;
    const upstream = routed.upstream ?? service;
    try {
      const router = ports.router(snapshot, routed.name);
      await router.check(upstream, call);
      lines.push({ what, status: 'ok', message: `${router.label} passes requests to ${upstream}` });
    } catch (error) {
      lines.push(errorLine(what, error));
    }
  }
  return lines;
}

async function checkTwice(ports: Ports, snapshot: StackSnapshot, call: ActivityCall): Promise<CheckLine[]> {
  const { several } = ports.runtime(snapshot);
  if (several === undefined) return [];
  const lines: CheckLine[] = [];
  for (const [service, { deploy }] of Object.entries(snapshot.stack.services)) {
    if (deploy.strategy === 'recreate') continue;
    try {
      const why = await several.obstacles(serviceHandle(snapshot, service), call);
      if (why.length > 0)
        lines.push({
          what: service,
          status: 'warning',
          message: `cannot run twice, so it stands still while it is deployed: ${why.join('; ')}`,
          hint: 'Let a router reach it by its service name, without container_name and published ports; or say so: `deploy: { strategy: recreate }`.',
        });
    } catch (error) {
      lines.push(errorLine(service, error));
    }
  }
  return lines;
}

function errorLine(what: string, error: unknown): CheckLine {
  if (!(error instanceof SteadyError)) throw error;
  return { what, status: 'error', message: error.message, hint: error.hint };
}
