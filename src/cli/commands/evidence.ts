import type { Command } from 'commander';
import { recordsInTemporal, unrecorded, type RecordsInTemporal } from '../../client/unrecorded.js';
import { SteadyError } from '../../contracts/failures.js';
import { verifyChain, type ChainVerdict } from '../../contracts/evidence.js';
import type { BackupSet } from '../../contracts/stored/others.js';
import type { LedgerHead } from '../../contracts/runs/ledger.js';
import { recheckApprovals } from '../../contracts/recheck-approvals.js';
import { contextOf, type Context } from '../context.js';
import { countText, momentText } from '../words.js';

/** Longest wait for a worker: the chain itself needs none. */
const WORKER_SECONDS = 5;

export function addEvidenceCommands(program: Command): void {
  program
    .command('evidence')
    .description('the records of finished runs')
    .command('verify')
    .description('walk the chain of records in storage, and check the signatures in them again')
    .option('--head <number:sha256>', 'a head noted earlier or elsewhere, such as from a notification')
    .action(async (options: { head?: string }, command: Command) => {
      await verify(contextOf(command), options.head === undefined ? undefined : headOf(options.head));
    });
}

async function verify(context: Context, noted: LedgerHead | undefined): Promise<void> {
  const { output } = context;
  const loaded = await context.load();
  const { stack } = loaded;
  // Before storage is read: what the ledger has written by now must be there.
  const temporal = await askTemporal(context);
  const { readRecords } = await import('../embedded/read-records.js');
  const { location, records: stored, sets, unread } = await readRecords(loaded);
  const chain = verifyChain(stored);
  const broken =
    chain.broken ??
    differenceFrom(chain, noted, 'the head noted') ??
    differenceFrom(chain, temporal.known?.ledger?.head, 'the head the ledger wrote') ??
    firstDifference(chain, sets);
  if (broken) throw new SteadyError('evidence.broken', { location, record: broken.number, why: broken.why });
  const approvals = recheckApprovals(chain.records, stack.approvers, stack.api);
  const [bad] = approvals.broken;
  if (bad) throw new SteadyError('evidence.broken', { location, record: bad.number, why: bad.why });

  const [first, last] = [chain.records[0], chain.records.at(-1)];
  const missing = temporal.known ? unrecorded(temporal.known, chain.records) : [];
  const pending = temporal.known?.ledger?.pending.length ?? 0;
  if (chain.head === undefined || !first || !last) output.line(`No records in ${location} yet.`);
  else {
    output.line(`The chain holds: ${countText(chain.records.length, 'record')} in ${location}`);
    output.line(`  first  ${momentText(first.closedAt, stack.timezone)}`);
    output.line(`  last   ${momentText(last.closedAt, stack.timezone)}`);
    output.line(`  head   ${chain.head.number}:${chain.head.sha256}`);
    output.line(`  ${countText(approvals.signatures, 'signature')} of approvals checked again`);
  }
  approvals.notes.forEach((note) => output.line(`note: ${note}`));
  unread.forEach((why) => output.line(`note: a set was not compared with the chain: ${why}`));
  if (pending > 0) output.line(`note: ${countText(pending, 'record')} not written yet`);
  for (const run of missing)
    output.line(`note: ${run.run} closed ${run.closedAt ?? ''} (${run.status}) without a record`);
  if (temporal.why !== undefined)
    output.line(`note: Temporal was not asked for runs without a record: ${temporal.why}`);
  output.document({
    stack: stack.stack,
    location,
    holds: true,
    records: chain.records.length,
    head: chain.head ?? null,
    first: first?.closedAt ?? null,
    last: last?.closedAt ?? null,
    approvals: { signatures: approvals.signatures, notes: approvals.notes },
    sets: { read: sets.length, unread },
    temporal: temporal.known
      ? { asked: true, unrecorded: missing, pending }
      : { asked: false, why: temporal.why },
  });
}

/** A cut or rewritten end shows only against a head that was seen elsewhere. */
function differenceFrom(
  chain: ChainVerdict,
  head: LedgerHead | undefined,
  who: string,
): { readonly number: number; readonly why: string } | undefined {
  if (head === undefined) return undefined;
  const { number } = head;
  const last = chain.head?.number ?? 0;
  if (number > last) return { number, why: `${who} is ${number}, and the records end with ${last}` };
  const there = number === last ? chain.head?.sha256 : chain.records[number]?.previous;
  return there === head.sha256 ? undefined : { number, why: `it is not the one of ${who}` };
}

/** What each backup set saw of the chain when it was written. */
function firstDifference(chain: ChainVerdict, sets: readonly BackupSet[]): ReturnType<typeof differenceFrom> {
  for (const set of sets) {
    const broken = differenceFrom(chain, set.ledgerHead, `the head in set ${set.id}`);
    if (broken) return broken;
  }
  return undefined;
}

async function askTemporal(
  context: Context,
): Promise<{ readonly known?: RecordsInTemporal; readonly why?: string }> {
  const { stack } = await context.load();
  try {
    return {
      known: await context.withTemporal((steady) => recordsInTemporal(steady, stack), WORKER_SECONDS),
    };
  } catch (error) {
    if (error instanceof SteadyError) return { why: error.message };
    throw error;
  }
}

function headOf(text: string): LedgerHead {
  const [, number, sha256] = /^(\d{1,10}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || sha256 === undefined)
    throw new SteadyError('usage.invalid', {
      head: text,
      allowed: 'a number, a colon and a SHA-256 as this command prints',
    });
  return { number: Number(number), sha256 };
}
