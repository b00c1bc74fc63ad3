import { kind, type FailureKind } from './failure-kind.js';

/** Storage, and the backups in it. */
export const STORAGE_FAILURES = {
  'storage.unreachable': kind(
    'cannot reach storage',
    true,
    'A bucket: check endpoint, network and credentials. A folder: mount its disk, or make it with `mkdir`.',
  ),
  'storage.denied': kind(
    'storage refused the credentials',
    false,
    'A bucket: check key, secret and policy. A folder: see who owns it, and whether it is mounted read-only.',
  ),
  'storage.missing': kind(
    'an object is missing',
    false,
    'Something deleted it: use another backup, and find out who.',
  ),
  'storage.full': kind('storage is full', false, 'Free or add space, then run it again.'),
  'storage.locked': kind(
    'the lock of an object has not ended',
    false,
    'Nobody can delete it before; `steady backup prune` does so afterwards.',
  ),
  'storage.mismatch': kind(
    'storage holds other bytes than were sent',
    true,
    'It is tried again; what was uploaded is discarded. If it stays so, look at network and disk of that storage.',
  ),
  'storage.exists': kind(
    'an object already exists',
    false,
    'Ids never repeat: find out what else writes to this storage.',
  ),
  'storage.foreign': kind(
    'this prefix belongs to another stack',
    false,
    'Give this stack a bucket or prefix of its own.',
  ),
  'storage.unwritable': kind(
    'the folder refuses access',
    false,
    'Is it mounted read-only? Does the user of the worker own it? Look with `ls -ld` and `findmnt -T`.',
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
    'It is damaged or not ours, and left as it is: find out what else writes to this storage.',
  ),
  'storage.refused': kind(
    'storage refused the request',
    false,
    'The message holds its answer; `steady check` may say more.',
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
    'Prove one with `steady backup verify`, or take an unverified one with --unverified. Suspect ones count again after `steady backup accept`.',
  ),
  'backup.failed': kind(
    'a store could not be backed up',
    false,
    'Other stores are not affected. Mend what is named, then run `steady backup run`.',
  ),
  'backup.unproven': kind(
    'a backup is stored, but could not be proven',
    false,
    'Mend what is named, then run `steady backup verify`. Until then a restore takes it with `--unverified` only.',
  ),
  'backup.claimed': kind('the backup is in use', true, 'Wait until the run that reads it has ended.'),
  'verify.failed': kind(
    'the proof failed',
    false,
    'Do not rely on this backup: take a new one with `steady backup run`, and look at the disk or bucket it lies on.',
  ),
  'prune.refused': kind(
    'nothing is pruned',
    false,
    'Nothing was deleted. Mend what is named, then run it again.',
  ),
  'key.wrong': kind(
    'the age identity does not open this backup',
    false,
    'Use the identity of one of its recipients; `steady key test` shows whether one opens the newest backups.',
  ),
  'key.missing': kind(
    'no age identity',
    false,
    'Set storage.encryption.age.identity where this worker runs.',
  ),
} as const satisfies Record<string, FailureKind>;
