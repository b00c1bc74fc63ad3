import { kind, type FailureKind } from './failure-kind.js';
import { STORAGE_FAILURES } from './failures-of-storage.js';
import { STORE_FAILURES } from './failures-of-stores.js';

/**
 * The failure registry: every way steadyhand can fail, by code. A message reads `what failed [key=value …]`; the hint
 * tells what to do next. Retryable means: trying the same again may work without a person doing anything.
 */
export const FAILURES = {
  // configuration and usage
  'config.invalid': kind(
    'the stack file is not valid',
    false,
    'Correct the field named and run `steady check --file`.',
  ),
  'config.missing': kind('no stack file', false, 'Write one with `steady init`, or name it with --config.'),
  'config.not-applied': kind(
    'the stack file differs from what is applied',
    false,
    'Run `steady apply` first.',
  ),
  'usage.invalid': kind(
    'wrong usage',
    false,
    'Correct what is named; `steady --help` and `steady COMMAND --help` show what there is.',
  ),
  'secret.missing': kind(
    'a secret cannot be read',
    false,
    'Set it where the worker runs; the reference is in steady.yaml.',
  ),
  // Temporal and workers
  'temporal.unreachable': kind(
    'cannot reach Temporal',
    true,
    'Start it with `steady up`, or set TEMPORAL_ADDRESS.',
  ),
  'worker.absent': kind('no worker', false, 'Start one with `steady up` or `steady worker` at that site.'),
  'worker.lost': kind(
    'a worker stopped answering',
    true,
    'Look at its log; the step is tried again when one is back.',
  ),
  'up.running': kind(
    'another steady up already uses this state folder',
    false,
    'Stop it, or give this one its own --state.',
  ),
  'up.port-taken': kind(
    'a port is taken',
    false,
    'Stop what listens there, or choose another with the option named.',
  ),
  'run.unknown': kind('no such run', false, 'List them with `steady runs`.'),
  'run.limit': kind(
    'the run took longer than its limit',
    false,
    'See where it stood with `steady show RUN`.',
  ),
  'run.left': kind(
    'not all could be put back',
    false,
    'Do what the message names; `steady status` goes on naming data that are not back, and `steady show RUN` each step.',
  ),
  'schedule.foreign': kind(
    'a schedule of this name is not ours',
    false,
    'Delete or rename that schedule, or rename the plan.',
  ),
  // tools and pipelines
  'tool.missing': kind(
    'a tool is not installed',
    false,
    'Install it where the worker runs; `steady check` lists all.',
  ),
  'tool.failed': kind(
    'a tool failed',
    true,
    'Its last words are in the message; `steady check` may say more.',
  ),
  'stream.stalled': kind(
    'no bytes moved within the stall limit',
    true,
    'Look at the database, the network and storage.',
  ),
  'stream.corrupt': kind(
    'bytes differ from what was stored',
    false,
    'This backup is damaged: use another one.',
  ),
  cancelled: kind('cancelled', false, 'Nothing to do.'),
  ...STORAGE_FAILURES,
  ...STORE_FAILURES,
  // services and checks
  'service.failed': kind('a service did not start, stop or become healthy', true, 'Look at its log.'),
  'check.failed': kind('a check did not pass', false, 'The answer is in the message.'),
  // people
  'approval.denied': kind('denied', false, 'The reason is in the record.'),
  'approval.expired': kind('no answer within the time', false, 'Ask again; no answer means no.'),
  'approval.invalid': kind(
    'the approval is not valid',
    false,
    'Sign what is shown now, with a key named in the stack file.',
  ),
  'approval.nobody': kind(
    'nobody may approve this',
    false,
    'Name approvers with the role in the stack file.',
  ),
  'identity.missing': kind('no identity', false, 'Make one with `steady identity create`.'),
  'target.frozen': kind('the target is frozen', false, 'Lift it with `steady thaw`.'),
  'target.busy': kind(
    'another procedure holds the target',
    true,
    'Wait, or see who holds it with `steady status`.',
  ),
  'target.fenced': kind(
    'this run no longer holds the target',
    false,
    'A newer run has taken over; nothing was changed.',
  ),
  // evidence
  'evidence.broken': kind(
    'the chain of records is broken',
    false,
    'Someone changed or removed a record: compare with heads sent earlier.',
  ),
  internal: kind(
    'a defect in steadyhand',
    false,
    'Please report it with the output of `steady show RUN --json`.',
  ),
} as const satisfies Record<string, FailureKind>;
