/**
 * The failure registry: every way steadyhand can fail, by code. A message reads `what failed [key=value …]`; the hint
 * tells what to do next. Retryable means: trying the same again may work without a person doing anything.
 */
interface FailureKind {
  readonly what: string;
  readonly retryable: boolean;
  readonly hint: string;
}

const kind = (what: string, retryable: boolean, hint: string): FailureKind => ({ what, retryable, hint });

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
  'usage.invalid': kind('wrong usage', false, 'See `steady --help`.'),
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
    'left as it is',
    false,
    'Data could not be put back, so services stay stopped: mend what is named, then start them.',
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
  // storage
  'storage.unreachable': kind(
    'cannot reach storage',
    true,
    'Check endpoint, network and credentials with `steady check`.',
  ),
  'storage.denied': kind(
    'storage refused the credentials',
    false,
    'Check key, secret and policy; `steady check` names the right missing.',
  ),
  'storage.missing': kind(
    'an object is missing',
    false,
    'Something deleted it: use another backup, and find out who.',
  ),
  'storage.full': kind('storage is full', false, 'Free or add space, then run it again.'),
  'storage.mismatch': kind('storage holds other bytes than were sent', true, 'The upload was discarded.'),
  'storage.exists': kind('an object already exists', false, 'Ids never repeat: something else wrote there.'),
  'storage.foreign': kind(
    'this prefix belongs to another stack',
    false,
    'Give this stack a bucket or prefix of its own.',
  ),
  'storage.emptied': kind(
    'storage was used before, and is empty now',
    false,
    'Is its disk mounted? If it was emptied on purpose, name another folder, bucket or prefix in the file.',
  ),
  'storage.bucket-missing': kind('no such bucket', false, 'Create the bucket, or correct its name.'),
  'storage.future': kind('written by a newer steadyhand', false, 'Upgrade this one to read it.'),
  'storage.damaged': kind(
    'a stored document cannot be read',
    false,
    'It is damaged or not ours; it is left as it is.',
  ),
  'storage.refused': kind(
    'storage refused the request',
    false,
    'Its answer is in the message; `steady check` may say more.',
  ),
  'storage.key-illegal': kind(
    'not a legal storage key',
    false,
    'Keys are relative and without `..`: a document that names such a key is not ours.',
  ),
  // backups
  'backup.unknown': kind('no such backup', false, 'List them with `steady backup list`.'),
  'backup.none-verified': kind(
    'no verified backup',
    false,
    'Prove one with `steady backup verify`, or take an unverified one with --unverified.',
  ),
  'backup.shrunk': kind(
    'the backup is sharply smaller than the last',
    false,
    'Look why; then `steady backup accept ID`.',
  ),
  'backup.failed': kind(
    'a store could not be backed up',
    false,
    'The other stores are not affected; see the run.',
  ),
  'backup.claimed': kind('the backup is in use', true, 'Wait until the run that reads it has ended.'),
  'verify.failed': kind(
    'the proof failed',
    false,
    'Do not rely on this backup; take a new one and look at its storage.',
  ),
  'prune.refused': kind('prune refuses', false, 'Nothing was deleted.'),
  'key.wrong': kind(
    'the age identity does not open this backup',
    false,
    'Use the identity of one of its recipients; `steady key test` tries one.',
  ),
  'key.missing': kind(
    'no age identity',
    false,
    'Set storage.encryption.age.identity where this worker runs.',
  ),
  // stores
  'store.unreachable': kind(
    'cannot reach the store',
    true,
    'Is it running? Check host, port, service and credentials.',
  ),
  'store.denied': kind(
    'the store refused the credentials',
    false,
    'Check user and password, and what the user may do.',
  ),
  'store.unsupported': kind(
    'the store is of an unsupported version',
    false,
    'See the versions in docs/stores.md.',
  ),
  'store.tool-too-old': kind(
    'client tools older than the server',
    false,
    'Install the client tools of the version wanted.',
  ),
  'store.locked': kind('a table is locked', true, 'Something holds an exclusive lock; it is tried again.'),
  'store.pooler': kind(
    'the connection goes through a transaction pooler',
    false,
    'Give the address of the server itself.',
  ),
  'store.changed': kind('the structure changed during the backup', true, 'It begins anew.'),
  'store.too-new': kind(
    'the backup is of a newer server than this one',
    false,
    'Restore into a server of that version or newer.',
  ),
  'store.no-room': kind(
    'not enough room to restore beside the live data',
    false,
    'Free space, or use --in-place.',
  ),
  'store.blocked': kind('the cut-over is blocked', false, 'Remove what is named, then run it again.'),
  'store.mismatch': kind(
    'restored data differ from the backup',
    false,
    'Nothing was switched; look at the differences named.',
  ),
  'store.not-empty': kind('the destination is not empty', false, 'Name another destination.'),
  'store.unsaved': kind(
    'the live data could not be backed up first',
    false,
    'If they may be lost, ask for it with --unsaved; else restore with --into, or make room.',
  ),
  'store.half-undone': kind(
    'some stores were put back, others not; their services stay stopped',
    false,
    'Mend what is named, then run the undo again: what is put back already stays so.',
  ),
  'store.gone': kind('nothing to undo', false, 'The hold has ended or the old data were released.'),
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
