import { kind, type FailureKind } from './failure-kind.js';

/** Stores: what is backed up and restored. */
export const STORE_FAILURES = {
  'store.unreachable': kind(
    'cannot reach the store',
    true,
    'Is it running? Check host, port, service, credentials, and whether it wants TLS.',
  ),
  'store.denied': kind(
    'the store refused the credentials',
    false,
    'Check user and password in the file, and what that user may do in the store.',
  ),
  'store.tls-none': kind(
    'the store speaks no TLS there',
    false,
    'Turn TLS on in the store or name its TLS port; only if no network lies between, take tls out of the file.',
  ),
  'store.tls-unknown': kind(
    'the certificate of the store is of no known authority',
    false,
    'Name the certificate of its authority as tls.ca. Was it right before? Then somebody else may be answering.',
  ),
  'store.tls-expired': kind(
    'the certificate of the store is not valid at this time',
    false,
    'Renew it in the store, and look at the clocks of both machines.',
  ),
  'store.tls-name': kind(
    'the certificate of the store is for another name',
    false,
    'Name the host as its certificate does, or that name as tls.serverName. Was it right before? Then somebody else may be answering.',
  ),
  'store.tls-client': kind(
    'the store wants a client certificate that it knows',
    false,
    'Name one as tls.cert and tls.key: valid today, of an authority that the store trusts, for this user where it maps names.',
  ),
  'store.tls-files': kind(
    'a certificate or key for the store cannot be used',
    false,
    'Look at the file named where the tools run (the worker, or the container of the service): its path, PEM, mode 0600 for the key, and that key and certificate belong together.',
  ),
  'store.missing': kind(
    'there is no such database',
    false,
    'Correct its name in the file; if it was lost, `steady restore` brings it back.',
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
  'store.locked': kind(
    'a table is locked',
    true,
    'It is tried again. The session named holds an exclusive lock, and may be the one: ask its owner, or end it with pg_terminate_backend(pid).',
  ),
  'store.pooler': kind(
    'the connection goes through a pooler',
    false,
    'Name the address of the server itself in the file.',
  ),
  'store.changed': kind(
    'the structure changed during the backup',
    true,
    'It begins anew by itself. If it stays so, choose an hour without migrations.',
  ),
  'store.too-new': kind(
    'the backup is of a newer server than this one',
    false,
    'Restore into a server of that version or newer. PostgreSQL: --force tries it beside the live data all the same.',
  ),
  'store.no-room': kind(
    'not enough room',
    false,
    'Free space where it says. A restore beside the live data can also go --in-place.',
  ),
  'store.blocked': kind('the cut-over is blocked', false, 'Remove what is named, then run it again.'),
  'store.mismatch': kind(
    'restored data differ from the backup',
    false,
    'Nothing was switched; look at the differences named.',
  ),
  'store.not-empty': kind(
    'the destination is not empty',
    false,
    'Name another one, or empty it yourself: nothing is overwritten.',
  ),
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
  'store.not-back': kind(
    'the data of this store are not back since a restore failed',
    false,
    'Do what is named as the way back. Mended by hand: `steady restore accept STORE --reason WHY`.',
  ),
  'store.gone': kind(
    'nothing to undo',
    false,
    'Undone already, its hold has ended, or nothing was kept: the facts say which.',
  ),
  // dumps that other programs made
  'import.missing': kind(
    'no such file on the host of the worker',
    false,
    'Files are read where the worker runs: copy it there, and name it by its path there. The user of the worker must be able to read it.',
  ),
  'import.damaged': kind(
    'the dump is damaged',
    false,
    'It was empty, cut off or changed after it was made: nothing of it was taken in. Use another one.',
  ),
  'import.refused': kind(
    'the dump cannot be taken in',
    false,
    'What is taken and what is not is told under Old dumps in docs/stores.md. Keep the file: it can still be restored by hand.',
  ),
} as const satisfies Record<string, FailureKind>;
