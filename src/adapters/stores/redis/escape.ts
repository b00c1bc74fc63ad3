import type { Manifest } from '../../../contracts/stored/manifest.js';
import { detailOf } from './detail.js';
import { STREAMS } from './dump.js';
import { appendBase, appendManifest } from './layout.js';
import { layoutNames } from './load-files.js';

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Shell lines that put this backup into a server's data folder with stock tools. `DATA` names the folder, `STOP` and
 * `START` may name other commands than systemd's; `FORM` picks between the two ways a server finds its data.
 */
export function escape(manifest: Omit<Manifest, 'restore'>, cat: (stream: string) => string): string[] {
  const detail = detailOf(manifest);
  const layout = layoutNames(undefined, detail, manifest.server.major);
  const base = appendBase(layout);
  const list = appendManifest(layout);
  const form = detail.appendonly ? 'appendonly' : 'rdb';
  const lines = [
    `# ${manifest.server.product} ${manifest.server.version}, RDB format ${detail.rdbVersion}: a server of that version or newer. Run as root where its data lie.`,
    'set -eu',
    ': "${DATA:?set DATA to the data folder of the server (CONFIG GET dir)}"',
    `FORM=\${FORM:-${form}} # rdb, or appendonly when the server runs with appendonly yes: it ignores dump.rdb`,
    'eval "${STOP:-systemctl stop redis-server}"',
    'OLD="$DATA/replaced-$(date +%Y%m%dT%H%M%S)"',
    'mkdir -m 700 "$OLD"',
    `for F in ${[...new Set([layout.dbfilename, layout.appendfilename, layout.appenddirname ?? layout.appendfilename])].map(quote).join(' ')}; do if [ -e "$DATA/$F" ]; then mv "$DATA/$F" "$OLD/"; fi; done`,
    `if [ "$FORM" = rdb ]; then FILE=${quote(layout.dbfilename)}; else FILE=${quote(base)}; mkdir -p "$(dirname "$DATA/$FILE")"; fi`,
    `${cat(STREAMS.rdb)} > "$DATA/$FILE"`,
  ];
  if (list) {
    const printed = quote(list.content.replace('\n', '\\n'));
    lines.push(`if [ "$FORM" != rdb ]; then printf ${printed} > "$DATA/"${quote(list.path)}; fi`);
  }
  const top = quote(base.split('/')[0] ?? base);
  lines.push(
    `if [ "$FORM" = rdb ]; then TOP=${quote(layout.dbfilename)}; else TOP=${top}; fi; chown -R --reference="$DATA" "$DATA/$TOP"`,
    'eval "${START:-systemctl start redis-server}"',
  );
  if (manifest.streams.some((stream) => stream.name === STREAMS.acl)) {
    lines.push(`# users, as lines of an ACL file: ${cat(STREAMS.acl)}`);
  }
  if (manifest.streams.some((stream) => stream.name === STREAMS.config)) {
    lines.push(`# settings at the time, without passwords: ${cat(STREAMS.config)}`);
  }
  return lines;
}
