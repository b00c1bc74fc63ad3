import type { FailureCode } from '../../src/contracts/failures.js';

/** How a command that met a fault must end: what docs/faults.md tells, and what the test of the fault holds it to. */
export interface Ending {
  readonly area: Area;
  /** What happens, in the words of who is called. */
  readonly fault: string;
  /** The command that meets it. */
  readonly command: string;
  /** Its exit code. */
  readonly exit: 0 | 1 | 2 | 3 | 5;
  /** Its code in the failure registry; none when it ends well. */
  readonly code?: FailureCode;
  /** What is left behind, and what is not. */
  readonly left: string;
  /** What the next run does. */
  readonly next: string;
}

export const AREAS = [
  'the database',
  'storage',
  'stored backups',
  'a restore',
  'a worker',
  'a schedule',
  'the stack file',
] as const;
export type Area = (typeof AREAS)[number];

const NOTHING = 'nothing: what the failed attempt stored is removed';
const FORGOTTEN =
  'parts of that upload: a MinIO that was started anew has forgotten them, so that no sweep finds them, and removes them itself after a day (`stale_uploads_expiry`)';
const CLOCKS =
  'ids, retention, the end of a hold and of an Object Lock go by the clock of Temporal or of the store, so all are right';
const APPROVALS =
  'nothing was touched: a question is open until the moment that it names, by the clock of Temporal, no shorter and no longer; a yes before it counts';

export const ENDINGS = {
  'dump-killed': {
    area: 'the database',
    fault: 'a process of the dump is killed in the middle',
    command: 'steady backup run',
    exit: 0,
    left: NOTHING,
    next: 'the run itself begins the dump anew, under a new id',
  },
  'database-gone': {
    area: 'the database',
    fault: 'the database server is killed in the middle of a dump, and comes back',
    command: 'steady backup run',
    exit: 0,
    left: NOTHING,
    next: 'the run itself begins the dump anew once the server answers, within `limits.retry`',
  },
  'database-away': {
    area: 'the database',
    fault: 'the database server is killed in the middle of a dump, and does not come back',
    command: 'steady backup run',
    exit: 1,
    code: 'backup.failed',
    left: NOTHING,
    next: 'the run itself begins anew for `limits.retry` (15 minutes; 3 where services stand still for the backup), then fails; works once the server answers',
  },
  'password-wrong': {
    area: 'the database',
    fault: 'the password is wrong',
    command: 'steady backup run',
    exit: 1,
    code: 'backup.failed',
    left: 'nothing',
    next: 'works once the password is right',
  },
  'table-locked': {
    area: 'the database',
    fault: 'a table is locked exclusively when the backup begins, for longer than a lock is waited for',
    command: 'steady backup run',
    exit: 0,
    left: 'nothing; other sessions never queue behind the backup for long',
    next: 'the run itself tries again until the lock is let go, for `limits.retry`; then it fails, and names who holds the lock',
  },
  'structure-changed': {
    area: 'the database',
    fault: 'TRUNCATE, DROP, ALTER and REFRESH MATERIALIZED VIEW come during the dump',
    command: 'steady backup run',
    exit: 0,
    left: 'the backup is the moment before them; they are done when the dump has let go of its locks',
    next: 'the next backup has what they did',
  },
  'two-at-once': {
    area: 'the database',
    fault: 'two backups of one store are asked for at once',
    command: 'steady backup run',
    exit: 0,
    left: 'two whole backups, each under an id of its own',
    next: 'as always',
  },
  'storage-killed': {
    area: 'storage',
    fault: 'the storage server is killed in the middle of an upload, and comes back',
    command: 'steady backup run',
    exit: 0,
    left: FORGOTTEN,
    next: 'the run itself begins the dump anew, for `limits.retry` at most',
  },
  'storage-frozen': {
    area: 'storage',
    fault: 'storage takes no more bytes in the middle of an upload, and says nothing',
    command: 'steady backup run',
    exit: 0,
    left: 'at most parts of that upload, which `steady backup sweep` removes',
    next: 'the run itself gives the upload up after `limits.stall` and begins the dump anew, for `limits.retry` at most',
  },
  'credentials-changed': {
    area: 'storage',
    fault: 'the storage server is started anew with other credentials in the middle of an upload',
    command: 'steady backup run',
    exit: 1,
    code: 'storage.denied',
    left: `${FORGOTTEN}; no backup is listed`,
    next: 'works once the credentials are right',
  },
  'bucket-missing': {
    area: 'storage',
    fault: 'the bucket is gone',
    command: 'steady backup run',
    exit: 1,
    code: 'storage.bucket-missing',
    left: 'nothing; steadyhand never makes a bucket by itself',
    next: 'refuses an empty bucket of that name too (`storage.emptied`), for backups were there',
  },
  'storage-full': {
    area: 'storage',
    fault: 'storage is full in the middle of an upload',
    command: 'steady backup run',
    exit: 1,
    code: 'backup.failed',
    left: 'nothing of that upload, and no backup is listed',
    next: 'works once there is room',
  },
  'object-missing': {
    area: 'stored backups',
    fault: 'an object of a backup was deleted',
    command: 'steady backup verify ID',
    exit: 1,
    code: 'verify.failed',
    left: 'a failed proof: the backup no longer counts as verified',
    next: '`steady restore latest` takes the newest backup that is still verified',
  },
  'object-changed': {
    area: 'stored backups',
    fault: 'a bit of a stored object has flipped',
    command: 'steady backup verify ID',
    exit: 1,
    code: 'verify.failed',
    left: 'a failed proof: the backup no longer counts as verified',
    next: '`steady restore latest` takes the newest backup that is still verified',
  },
  'object-cut': {
    area: 'stored backups',
    fault: 'a stored object has lost its end',
    command: 'steady backup verify ID',
    exit: 1,
    code: 'verify.failed',
    left: 'a failed proof: the backup no longer counts as verified',
    next: '`steady restore latest` takes the newest backup that is still verified',
  },
  'manifest-future': {
    area: 'stored backups',
    fault: 'a backup was written by a newer steadyhand',
    command: 'steady restore ID',
    exit: 1,
    code: 'storage.future',
    left: 'everything as it was; prune deletes no backup that it cannot read',
    next: 'works with that newer version',
  },
  'identity-wrong-verify': {
    area: 'stored backups',
    fault: 'the age identity opens none of the backups, and one is verified',
    command: 'steady backup verify latest',
    exit: 1,
    code: 'key.wrong',
    left: 'the backup as it was, its proofs too: a wrong key says nothing against it',
    next: 'works with the right identity',
  },
  'identity-wrong-restore': {
    area: 'a restore',
    fault: 'the age identity does not open the backup',
    command: 'steady restore latest',
    exit: 1,
    code: 'key.wrong',
    left: 'the live database as it was; nothing beside it',
    next: 'works with the right identity',
  },
  'sessions-live': {
    area: 'a restore',
    fault: 'the database is in use: sessions write, and one idles in a transaction',
    command: 'steady restore latest',
    exit: 0,
    left: 'the replaced database, closed, for `limits.hold`; the sessions were ended at the cut-over',
    next: '`steady restore undo` switches back',
  },
  'prepared-transaction': {
    area: 'a restore',
    fault: 'a prepared transaction holds the live database when the restore is asked for',
    command: 'steady restore latest',
    exit: 1,
    code: 'store.blocked',
    left: 'nothing was touched, no service stopped',
    next: 'works once it is committed or rolled back',
  },
  'prepared-transaction-at-cut-over': {
    area: 'a restore',
    fault: 'a prepared transaction comes while the services are being stopped for the cut-over',
    command: 'steady restore latest',
    exit: 1,
    code: 'store.blocked',
    left: 'the live database as it was, open; what was loaded is dropped, and the services run again',
    next: 'works once it is committed or rolled back',
  },
  'logical-slot': {
    area: 'a restore',
    fault: 'a logical replication slot holds the live database when the restore is asked for',
    command: 'steady restore latest',
    exit: 1,
    code: 'store.blocked',
    left: 'nothing was touched, no service stopped',
    next: 'works once the slot is dropped',
  },
  'logical-slot-at-cut-over': {
    area: 'a restore',
    fault: 'a logical replication slot comes while the services are being stopped for the cut-over',
    command: 'steady restore latest',
    exit: 1,
    code: 'store.blocked',
    left: 'the live database as it was, open; what was loaded is dropped, and the services run again',
    next: 'works once the slot is dropped',
  },
  'target-full': {
    area: 'a restore',
    fault:
      'the disk of the database fills up while the backup is loaded, where the look before could not see it',
    command: 'steady restore latest',
    exit: 1,
    code: 'store.no-room',
    left: 'the live database as it was, in use all the while; what was loaded is dropped at once',
    next: 'works once there is room',
  },
  'newer-major': {
    area: 'a restore',
    fault: 'the backup is of a newer major version than the server',
    command: 'steady restore latest',
    exit: 1,
    code: 'store.too-new',
    left: 'nothing was touched',
    next: 'with `--force`, said in what is approved, it is loaded beside the live data, compared, and switched',
  },
  'clock-ahead': {
    area: 'a worker',
    fault: 'the clock of a worker jumps 2 hours ahead in the middle of a backup',
    command: 'steady backup run',
    exit: 0,
    left: CLOCKS,
    next: 'as always',
  },
  'clock-behind': {
    area: 'a worker',
    fault: 'the clock of a worker jumps 2 hours back in the middle of a backup',
    command: 'steady backup run',
    exit: 0,
    left: CLOCKS,
    next: 'as always',
  },
  'approval-clock-ahead': {
    area: 'a worker',
    fault: 'the clock of a worker jumps 2 hours ahead while a restore waits for its approval',
    command: 'steady restore latest',
    exit: 3,
    code: 'approval.expired',
    left: APPROVALS,
    next: 'as always',
  },
  'approval-clock-behind': {
    area: 'a worker',
    fault: 'the clock of a worker jumps 2 hours back while a restore waits for its approval',
    command: 'steady restore latest',
    exit: 3,
    code: 'approval.expired',
    left: APPROVALS,
    next: 'as always',
  },
  'site-away': {
    area: 'a worker',
    fault: 'the worker at the site of the data is away for two nights, the others are not',
    command: 'steady backup run',
    exit: 1,
    code: 'backup.failed',
    left: 'two failed runs, each ended when `limits.worker` had passed; `steady status` names the newest',
    next: 'nothing begins by itself when the worker is back: the next night takes one backup',
  },
  'all-away': {
    area: 'a worker',
    fault: 'no worker is there for two nights, only Temporal',
    command: 'steady status',
    exit: 5,
    left: 'the run of the first night, open; the second night is counted as skipped, and shown so',
    next: 'the run of the first night takes one backup as soon as a worker is back',
  },
  'compensation-away': {
    area: 'a worker',
    fault:
      'the worker at the site of the data goes away after the cut-over of a restore, for longer than `limits.worker`',
    command: 'steady restore latest',
    exit: 5,
    code: 'worker.absent',
    left: 'the data as before the restore: the way back has waited for the worker, longer than a run does',
    next: 'restores as always',
  },
  'schedule-skipped': {
    area: 'a schedule',
    fault: 'a night begins while the backup of the night before still runs',
    command: 'steady status',
    exit: 0,
    left: 'the first run goes on; the second is not started, and `steady status` counts it as skipped',
    next: 'as always',
  },
  'file-edited': {
    area: 'the stack file',
    fault: 'the file is edited and applied in the middle of a run',
    command: 'steady backup run',
    exit: 0,
    left: 'the run ends as it began: by the file as it was',
    next: 'goes by the new file',
  },
} as const satisfies Record<string, Ending>;

export type FaultName = keyof typeof ENDINGS;
