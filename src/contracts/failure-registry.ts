import { kind, type FailureKind } from './failure-kind.js';
import { API_FAILURES } from './failures-of-api.js';
import { DEPLOY_FAILURES } from './failures-of-deploys.js';
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
    'Correct what is named, then run `steady check --file`.',
  ),
  'config.missing': kind(
    'no stack file',
    false,
    'Go to its folder, name it with --config, or have one proposed by `steady init`.',
  ),
  'config.not-applied': kind(
    'the stack file differs from what is applied',
    false,
    'Run `steady apply` first, or take the change back.',
  ),
  'usage.invalid': kind(
    'wrong usage',
    false,
    'Correct what is named; `steady --help` and `steady COMMAND --help` show what there is.',
  ),
  'secret.missing': kind(
    'a secret cannot be read',
    false,
    'Set it where `steady up` or `steady worker` is started, and start that anew; steady.yaml names it.',
  ),
  // Temporal and workers
  'temporal.unreachable': kind(
    'cannot reach Temporal',
    true,
    'Start it with `steady up`, or set TEMPORAL_ADDRESS.',
  ),
  'temporal.unprepared': kind(
    'the namespace has no search attributes by which runs are found',
    false,
    'Have somebody who may add them: docs/cluster.md has the command.',
  ),
  'worker.absent': kind('no worker', false, 'Start one with `steady up` or `steady worker` at that site.'),
  'worker.lost': kind(
    'a worker stopped answering',
    true,
    'Look at its log. The run goes on by itself as soon as a worker is back.',
  ),
  'trust.missing': kind(
    'the worker does not trust this stack as it is now',
    false,
    'Where the worker runs, as its user: `steady worker trust` shows what is new, and asks.',
  ),
  'trust.unsafe': kind(
    'others could change what this worker trusts',
    false,
    'The file must be of the user of the worker: `chown` it, `chmod 600` it, or remove it and run `steady worker trust`.',
  ),
  'codec.keys-invalid': kind(
    'the keys of the payload codec cannot be used',
    false,
    'One `id:key` a line, the key as `openssl rand -base64 32` makes it; docs/security.md has all of it.',
  ),
  'codec.key-missing': kind(
    'encrypted for Temporal with a key that is not here',
    false,
    'Set STEADY_CODEC_KEYS_FILE alike where workers run and where commands are typed.',
  ),
  'codec.mismatch': kind(
    'encrypted for Temporal with another key of this id, or altered',
    false,
    'Compare the files STEADY_CODEC_KEYS_FILE names, where workers run and where commands are typed.',
  ),
  'codec.plain': kind(
    'not encrypted for Temporal, and refused where the codec has a key',
    false,
    'Whoever asked has no key: set STEADY_CODEC_KEYS_FILE there. A namespace used without: docs/security.md, "Turning it on".',
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
    'See where it stood with `steady show RUN`; limits.run in the file sets the limit.',
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
    'The message says where it stood still: look there. limits.stall in the file sets the limit.',
  ),
  'stream.corrupt': kind(
    'bytes differ from what was stored',
    false,
    'This backup is damaged. Use another one (`steady backup list`), and look at the disk or bucket it lies on.',
  ),
  cancelled: kind(
    'cancelled',
    false,
    'Nothing to do: what had begun was put back, unless the message says otherwise.',
  ),
  ...STORAGE_FAILURES,
  ...STORE_FAILURES,
  ...DEPLOY_FAILURES,
  // people
  'approval.denied': kind('denied', false, 'Who, and why, is in `steady show RUN`.'),
  'approval.expired': kind(
    'no answer within the time',
    false,
    'No answer means no: ask again when somebody can answer.',
  ),
  'approval.invalid': kind(
    'the approval is not valid',
    false,
    'Sign what is shown now, with a key named in the stack file.',
  ),
  'approval.nobody': kind(
    'nobody may approve this',
    false,
    'Name more approvers with that role in the stack file, then run `steady apply`.',
  ),
  'identity.missing': kind(
    'no identity',
    false,
    'Make one with `steady identity create`, or name yours with --identity.',
  ),
  'target.frozen': kind(
    'the target is frozen',
    false,
    'Lift it with `steady thaw`, or wait until its end where it has one.',
  ),
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
  ...API_FAILURES,
  // telling people
  'notify.refused': kind(
    'a receiver refused the message',
    false,
    'Correct the channel in steady.yaml, or its secret where the worker runs; try it with `steady notify test`.',
  ),
  'notify.unreachable': kind(
    'a receiver was not reached',
    true,
    'It is tried again for a day; look at the network and at the receiver.',
  ),
  // evidence
  'evidence.broken': kind(
    'the chain of records is broken',
    false,
    'Someone changed or removed a record. docs/verify-evidence.md shows how to compare with heads kept elsewhere.',
  ),
  internal: kind(
    'a defect in steadyhand',
    false,
    'Please report it with the output of `steady show RUN --json`.',
  ),
} as const satisfies Record<string, FailureKind>;
