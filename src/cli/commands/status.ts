import type { Command } from 'commander';
import { resultOf } from '../../client/outcome.js';
import { snapshotOf } from '../../client/snapshot.js';
import { startRun } from '../../client/start.js';
import { temporalStatus, type TemporalStatus } from '../../client/status.js';
import type { LookInput } from '../../contracts/runs/procedures.js';
import { SteadyError } from '../../contracts/failures.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { contextOf } from '../context.js';
import { secondsText, table, type Output } from '../output.js';

interface Standing {
  readonly store: string;
  readonly backups: number;
  readonly newest?: { id: string; at: string; proven?: string; failedProof: boolean; suspect: boolean };
  readonly newestVerified?: { id: string; at: string; proven: string };
  readonly error?: { code: string; message: string };
}

interface Service {
  readonly service: string;
  readonly status: string;
  readonly health?: string;
  readonly restarts?: number;
  readonly image?: string;
}

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('the morning look: each store against its RPO, last and next runs, who is asked for what')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command);
      const loaded = await context.load();
      const snapshot = snapshotOf(loaded);
      const by = await context.requester();
      const { status, standings, services } = await context.withTemporal(async (steady) => {
        const look = async <T>(what: LookInput['what']): Promise<T | SteadyError> => {
          const input: LookInput = {
            version: 1,
            snapshot,
            by,
            what,
            stores: Object.keys(loaded.stack.stores),
          };
          return await resultOf<T>(await startRun(steady, { procedure: 'look', input })).catch(
            (error: unknown) => {
              if (error instanceof SteadyError) return error;
              throw error;
            },
          );
        };
        const [status, standings, services] = await Promise.all([
          temporalStatus(steady, snapshot),
          look<Standing[]>('standings'),
          look<Service[]>('services'),
        ]);
        return { status, standings, services };
      });
      const { output } = context;
      const now = Date.now();
      const stores =
        standings instanceof SteadyError
          ? []
          : standings.map((one) => ({ ...one, ...againstRpo(loaded.stack, one, now) }));
      tellStores(output, stores, standings instanceof SteadyError ? standings : undefined);
      tellPlans(output, status);
      tellServices(output, services);
      tellOpen(output, status);
      output.document({
        stack: loaded.stack.stack,
        config: status.applied,
        stores:
          standings instanceof SteadyError
            ? { error: { code: standings.code, message: standings.message } }
            : stores,
        services:
          services instanceof SteadyError
            ? { error: { code: services.code, message: services.message } }
            : services,
        plans: status.plans,
        targets: status.targets,
        approvals: status.approvals,
        open: status.open,
        ledger: status.ledger && {
          head: status.ledger.head,
          pending: status.ledger.pending.length,
          alarm: status.ledger.alarm,
        },
      });
      if (standings instanceof SteadyError || stores.some((one) => !one.ok)) process.exitCode = 1;
    });
}

/** The strictest RPO any plan promises for the store, against the age of its newest verified backup. */
function againstRpo(
  stack: Stack,
  one: Standing,
  now: number,
): { ok: boolean; ageSeconds?: number; rpoSeconds?: number } {
  const promised = Object.values(stack.plans)
    .filter((plan) => plan.stores.includes(one.store))
    .map((plan) => plan.rpo);
  if (one.error) return { ok: false };
  const ageSeconds =
    one.newestVerified === undefined ? undefined : (now - Date.parse(one.newestVerified.at)) / 1000;
  if (promised.length === 0) return { ok: true, ...(ageSeconds !== undefined && { ageSeconds }) };
  const rpoSeconds = Math.min(...promised);
  return {
    ok: ageSeconds !== undefined && ageSeconds <= rpoSeconds,
    rpoSeconds,
    ...(ageSeconds !== undefined && { ageSeconds }),
  };
}

function tellStores(
  output: Output,
  stores: readonly (Standing & ReturnType<typeof againstRpo>)[],
  error?: SteadyError,
): void {
  if (error) {
    output.line(output.color.red(`stores: ${error.message}`));
    output.line(`    ${error.hint}`);
    return;
  }
  const rows = stores.map((one) => [
    one.ok ? '✓' : '✗',
    one.store,
    one.ageSeconds === undefined ? 'no verified backup' : `verified ${secondsText(one.ageSeconds)} ago`,
    one.rpoSeconds === undefined ? '' : `RPO ${secondsText(one.rpoSeconds)}`,
    one.error?.message ?? newestWords(one),
    `${one.backups} backups`,
  ]);
  table(rows).forEach((line) => output.line(line));
}

function newestWords({ newest, newestVerified }: Standing): string {
  if (newest === undefined) return '';
  if (newest.failedProof) return `newest ${newest.id}: proof failed`;
  if (newest.suspect) return `newest ${newest.id}: suspect`;
  if (newest.id === newestVerified?.id) return newestVerified.proven;
  return `newest ${newest.id}: ${newest.proven ?? 'stored'}, not proven`;
}

function tellPlans(output: Output, status: TemporalStatus): void {
  for (const plan of status.plans) {
    const parts = [`plan ${plan.plan}: ${plan.schedule}`];
    parts.push(
      plan.last ? `last ${plan.last.startedAt} ${plan.last.outcome ?? plan.last.status}` : 'never ran',
    );
    if (plan.paused !== undefined) parts.push(`paused: ${plan.paused}`);
    else if (plan.next !== undefined) parts.push(`next ${plan.next}`);
    if (plan.skipped + plan.missed > 0) parts.push(`${plan.skipped} skipped, ${plan.missed} missed`);
    output.line(parts.join(', '));
  }
}

function tellServices(output: Output, services: readonly Service[] | SteadyError): void {
  if (services instanceof SteadyError) output.line(`services: ${services.message}`);
  else
    for (const one of services) {
      const words = [
        one.status,
        one.health,
        one.restarts ? `${one.restarts} restarts` : undefined,
        one.image,
      ].filter((part) => part !== undefined);
      output.line(`service ${one.service}: ${words.join(', ')}`);
    }
}

function tellOpen(output: Output, status: TemporalStatus): void {
  if (status.applied !== 'same')
    output.line(
      status.applied === 'never'
        ? 'the file was never applied: run `steady apply`'
        : 'the file differs from what is applied: run `steady apply`',
    );
  for (const run of status.approvals)
    output.line(`${run.run} awaits approval by ${run.awaiting ?? '?'}: steady approve ${run.run}`);
  for (const run of status.open.filter((one) => one.awaiting === undefined))
    output.line(`running: ${run.run} since ${run.startedAt}`);
  for (const target of status.targets) {
    if (target.frozen)
      output.line(
        `${target.target} is frozen by ${target.frozen.by} since ${target.frozen.at}: ${target.frozen.reason}`,
      );
    for (const waiter of target.waiting) output.line(`${waiter.workflowId} waits for ${target.target}`);
  }
  if (status.ledger?.alarm !== undefined)
    output.line(`records: ${status.ledger.pending.length} not written, ${status.ledger.alarm}`);
}
