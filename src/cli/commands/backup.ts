import type { Command } from 'commander';
import { resultOf } from '../../client/outcome.js';
import { startRun } from '../../client/start.js';
import { resolveMoment } from '../../config/moment.js';
import { DEPTHS, type Depth } from '../../contracts/names.js';
import { SteadyError } from '../../contracts/failures.js';
import { isTimeId } from '../../contracts/ids.js';
import type {
  BackupInput,
  BackupLine,
  BackupResult,
  LookInput,
  MarkInput,
  PruneInput,
  PruneResult,
  VerifyInput,
  VerifyResult,
} from '../../contracts/runs/procedures.js';
import type { Manifest } from '../../contracts/stored/manifest.js';
import { contextOf, type Context } from '../context.js';
import { bytesText, secondsText, table } from '../output.js';
import { watchRun } from '../watch.js';
import { chosen } from './freeze.js';

export function addBackupCommands(program: Command): void {
  const backup = program.command('backup').description('take, list, prove and keep backups');

  backup
    .command('run')
    .argument('[stores...]', 'default: the stores of the plan, else all')
    .option('--plan <name>', 'as the schedule would run it')
    .option('--verify <depth>', `proof afterwards: ${DEPTHS.join(', ')}`)
    .option('--no-wait', 'start it and return')
    .description('take backups now')
    .action(
      async (
        stores: string[],
        options: { plan?: string; verify?: string; wait: boolean },
        command: Command,
      ) => {
        const context = contextOf(command);
        await context.withTemporal(async (steady) => {
          const snapshot = await context.appliedSnapshot(steady);
          const plan = options.plan === undefined ? undefined : snapshot.stack.plans[options.plan];
          if (options.plan !== undefined && plan === undefined) {
            throw new SteadyError('usage.invalid', {
              plan: options.plan,
              allowed: Object.keys(snapshot.stack.plans).join(','),
            });
          }
          const input: BackupInput = {
            version: 1,
            snapshot,
            by: await context.requester(),
            stores: chosen(stores, plan?.stores ?? Object.keys(snapshot.stack.stores)),
            ...(options.plan !== undefined && { plan: options.plan }),
            ...(options.verify !== undefined && { verify: depthOf(options.verify) }),
          };
          const handle = await startRun(steady, { procedure: 'backup', input });
          context.output.line(`run ${handle.workflowId}`);
          if (!options.wait) {
            context.output.document({ run: handle.workflowId });
            return;
          }
          const result = await watchRun<BackupResult>(steady, handle, context.output);
          for (const one of result.stores) {
            context.output.line(
              `${one.store}: ${one.backupId}, ${bytesText(one.bytes ?? 0)} stored of ${bytesText(one.rawBytes ?? 0)} in ${secondsText(one.seconds ?? 0)}, ${one.proof ? one.proof.depth : 'not proven'}`,
            );
          }
          context.output.document({ run: handle.workflowId, ...result });
        });
      },
    );

  backup
    .command('list')
    .argument('[stores...]')
    .description('backups in storage, newest last')
    .action(async (stores: string[], _options: object, command: Command) => {
      const context = contextOf(command);
      const lines = await ask<BackupLine[]>(context, { what: 'backups', stores });
      const rows = lines.map((one) => [
        one.store,
        one.id,
        one.takenAt,
        bytesText(one.bytes),
        standing(one),
        one.kept ? `kept until ${one.kept}` : '',
      ]);
      table([['STORE', 'BACKUP', 'DATA OF', 'STORED', 'PROOF', ''], ...rows]).forEach((line) =>
        context.output.line(line),
      );
      context.output.document({ backups: lines });
    });

  backup
    .command('show')
    .argument('<id>')
    .description('a manifest: what it holds and the commands that restore it without this program')
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(command);
      const manifest = await ask<Manifest>(context, { what: 'backup', stores: [], id });
      const { output } = context;
      output.line(
        `${manifest.store} ${manifest.id}: ${manifest.server.product} ${manifest.server.version}, data of ${manifest.takenAt}`,
      );
      output.line(
        `${bytesText(manifest.bytes)} stored of ${bytesText(manifest.rawBytes)}, ${manifest.streams.length} streams${manifest.recipients.length > 0 ? ', encrypted' : ''}`,
      );
      for (const [name, count] of Object.entries(manifest.facts.counts)) output.line(`  ${name}: ${count}`);
      output.line('Restore without this program:');
      manifest.restore.forEach((line) => output.line(`  ${line}`));
      manifest.notes.forEach((note) => output.line(`note: ${note}`));
      output.document(manifest);
    });

  backup
    .command('verify')
    .argument('[what]', 'a backup, a set, a date or latest', 'latest')
    .option('--store <name...>', 'only these stores')
    .option('--depth <depth>', DEPTHS.join(', '), 'readable')
    .description('prove backups')
    .action(async (what: string, options: { store?: string[]; depth: string }, command: Command) => {
      const context = contextOf(command);
      await context.withTemporal(async (steady) => {
        const snapshot = await context.appliedSnapshot(steady);
        const input: VerifyInput = {
          version: 1,
          snapshot,
          by: await context.requester(),
          depth: depthOf(options.depth),
          selection: {
            text: selectionText(what, snapshot.stack.timezone),
            stores: chosen(options.store ?? [], Object.keys(snapshot.stack.stores)),
            unverified: true,
          },
        };
        const handle = await startRun(steady, { procedure: 'verify', input });
        const result = await watchRun<VerifyResult>(steady, handle, context.output);
        context.output.document({ run: handle.workflowId, ...result });
      });
    });

  backup
    .command('prune')
    .argument('[stores...]')
    .option('--dry-run', 'say what and why, delete nothing')
    .description('delete what the plans no longer keep')
    .action(async (stores: string[], options: { dryRun?: boolean }, command: Command) => {
      const context = contextOf(command);
      await context.withTemporal(async (steady) => {
        const snapshot = await context.appliedSnapshot(steady);
        const input: PruneInput = {
          version: 1,
          snapshot,
          by: await context.requester(),
          stores: chosen(stores, Object.keys(snapshot.stack.stores)),
          dryRun: options.dryRun === true,
        };
        const handle = await startRun(steady, { procedure: 'prune', input });
        const result = await resultOf<PruneResult>(handle);
        const rows = result.lines.map((one) => [
          one.store,
          one.id,
          one.keep ? 'keep' : one.deleted ? 'deleted' : result.dryRun ? 'would delete' : 'left',
          one.why,
        ]);
        table(rows).forEach((line) => context.output.line(line));
        context.output.document({ run: handle.workflowId, ...result });
      });
    });

  addMark(backup, 'keep', 'keep a backup longer than retention would', true);
  addMark(backup, 'accepted', 'say that a sharply smaller backup is as it should be', false);
}

function addMark(backup: Command, kind: 'keep' | 'accepted', description: string, until: boolean): void {
  const command = backup
    .command(kind === 'accepted' ? 'accept' : kind)
    .argument('<id>')
    .option('--store <name>', 'which store it is of, where the id does not tell')
    .option('--reason <text>', 'why', '')
    .description(description);
  if (until) command.option('--until <date>', 'until when; default: for ever');
  command.action(
    async (id: string, options: { store?: string; reason: string; until?: string }, self: Command) => {
      const context = contextOf(self);
      if (!isTimeId(id))
        throw new SteadyError('usage.invalid', {
          id,
          allowed: 'a backup id such as 20261122T020000Z-k7q2m9xd',
        });
      const manifest = await ask<Manifest>(context, {
        what: 'backup',
        stores: options.store === undefined ? [] : [options.store],
        id,
      });
      await context.withTemporal(async (steady) => {
        const snapshot = await context.appliedSnapshot(steady);
        const input: MarkInput = {
          version: 1,
          snapshot,
          by: await context.requester(),
          store: manifest.store,
          id,
          kind,
          reason: options.reason,
          ...(options.until !== undefined && {
            until: resolveMoment(options.until, snapshot.stack.timezone).toISOString(),
          }),
        };
        await resultOf(await startRun(steady, { procedure: 'mark', input }));
        context.output.line(`${manifest.store} ${id}: ${kind}`);
        context.output.document({ store: manifest.store, id, kind });
      });
    },
  );
}

/** A short run that reads storage on a worker. */
export async function ask<T>(
  context: Context,
  question: { what: LookInput['what']; stores: readonly string[]; id?: string },
): Promise<T> {
  return await context.withTemporal(async (steady) => {
    const snapshot = await context.appliedSnapshot(steady);
    const input: LookInput = {
      version: 1,
      snapshot,
      by: await context.requester(),
      what: question.what,
      stores: chosen(question.stores, Object.keys(snapshot.stack.stores)),
      ...(question.id !== undefined && { id: question.id }),
    };
    return await resultOf<T>(await startRun(steady, { procedure: 'look', input }));
  });
}

function standing(one: BackupLine): string {
  if (one.suspect) return one.shrunk ? 'sharply smaller, not accepted' : 'suspect';
  if (one.failedProof !== undefined) return `proof failed ${one.failedProof}`;
  if (one.verified !== undefined) return `${one.verified} ${one.verifiedAt ?? ''}`.trim();
  return one.proven === undefined ? 'not proven' : `${one.proven}, not proven deep enough`;
}

export function depthOf(text: string): Depth {
  const depth = DEPTHS.find((one) => one === text);
  if (depth === undefined) throw new SteadyError('usage.invalid', { depth: text, allowed: DEPTHS.join(',') });
  return depth;
}

/** An id and `latest` as they are; a date as the moment it means in the stack's zone. */
export function selectionText(text: string, zone: string): string {
  return text === 'latest' || isTimeId(text) ? text : resolveMoment(text, zone).toISOString();
}
