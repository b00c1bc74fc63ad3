import type { Manifest } from '../../../contracts/stored/manifest.js';
import { STREAM } from './dump.js';

/** Shell lines that unpack the archive beside the live folder with GNU tar and swap the two. `DIR` names the folder. */
export function escape(_manifest: Omit<Manifest, 'restore'>, cat: (stream: string) => string): string[] {
  return [
    '# As root, with GNU tar, while nothing writes to the folder. A volume: run it in a container that mounts it.',
    'set -eu',
    ': "${DIR:?set DIR to the folder to restore}"',
    'mkdir -p -m 700 "$DIR.new"',
    `${cat(STREAM)} | tar --extract --preserve-permissions --same-owner --numeric-owner --acls --xattrs '--xattrs-include=*' --delay-directory-restore --file=- --directory="$DIR.new"`,
    '# A mount point cannot be renamed: move what is in it instead.',
    'if [ -e "$DIR" ]; then mv -T "$DIR" "$DIR.replaced-$(date +%Y%m%dT%H%M%S)"; fi',
    'mv -T "$DIR.new" "$DIR"',
  ];
}
