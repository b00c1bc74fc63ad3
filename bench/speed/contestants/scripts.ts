import type { Contestant } from '../contestant.js';
import type { Place } from '../place.js';
import { scriptContestant } from './script.js';

/** What the paper runbook says: a file, then its upload. */
export const gzip = (place: Place): Contestant =>
  scriptContestant(place, {
    name: 'gzip',
    title: 'pg_dump, gzip, upload',
    tools: ['pg_dump', 'gzip', 'rclone'],
    backup:
      'pg_dump | gzip > "$WORK/dump.gz"; rclone copyto "$WORK/dump.gz" "$BUCKET/gzip/dump.gz"; rm "$WORK/dump.gz"',
    restore: 'rclone cat "$BUCKET/gzip/dump.gz" | gunzip | psql -Xq -v ON_ERROR_STOP=1 -d "$TARGET"',
  });

/** The best that the vendor's tools give in a line: nothing on disk on the way there, two processes on the way back. */
export const zstd = (place: Place): Contestant =>
  scriptContestant(place, {
    name: 'zstd',
    title: 'pg_dump -Fc, zstd, streamed',
    tools: ['pg_dump', 'zstd', 'rclone'],
    backup: 'pg_dump -Fc -Z0 | zstd -q -T2 | rclone rcat "$BUCKET/zstd/dump.zst"',
    restore:
      'rclone cat "$BUCKET/zstd/dump.zst" | zstd -dq > "$WORK/dump"; pg_restore -e -j2 -d "$TARGET" "$WORK/dump"; rm "$WORK/dump"',
  });

export function restic(place: Place): Contestant {
  const { minio, folder, ca } = place;
  return scriptContestant(place, {
    name: 'restic',
    title: 'restic, stdin from pg_dump',
    tools: ['pg_dump', 'restic'],
    env: {
      RESTIC_REPOSITORY: `s3:${minio.endpoint}/${minio.bucket}/restic`,
      RESTIC_PASSWORD: 'bench',
      RESTIC_CACHE_DIR: `${folder}/restic-cache`,
      AWS_ACCESS_KEY_ID: minio.accessKey.reveal(),
      AWS_SECRET_ACCESS_KEY: minio.secretKey.reveal(),
      CA: ca,
    },
    begin: 'rm -rf "$RESTIC_CACHE_DIR"; restic --cacert "$CA" init',
    backup: 'pg_dump -Fc -Z0 | restic --cacert "$CA" backup --stdin --stdin-filename dump',
    restore: 'restic --cacert "$CA" dump latest dump | pg_restore -e -d "$TARGET"',
  });
}
