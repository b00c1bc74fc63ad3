/** What a systemd unit of ours needs to know. Paths are absolute. */
export interface Unit {
  readonly description: string;
  readonly argv: readonly string[];
  readonly folder: string;
  /** Variables with secrets, one `NAME=value` a line; it may be missing. */
  readonly envFile: string;
  /** Where tools are found, as for whoever installs it. */
  readonly path: string;
  /** Account; left out for a unit of a user's own systemd. */
  readonly user?: string | undefined;
  /** SIGHUP has it read its file anew. */
  readonly reloads: boolean;
}

/** Longer than the program takes to end what it started. */
const STOP_SECONDS = 60;

/** The text of the unit (systemd.service(5)). */
export function unitText(unit: Unit): string {
  const lines = [
    '[Unit]',
    `Description=${plain(unit.description)}`,
    'Wants=network-online.target',
    'After=network-online.target docker.service containerd.service postgresql.service',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${unit.argv.map(quoted).join(' ')}`,
    ...(unit.reloads ? ['ExecReload=/bin/kill -HUP $MAINPID'] : []),
    `WorkingDirectory=${plain(unit.folder)}`,
    `EnvironmentFile=-${plain(unit.envFile)}`,
    `Environment=${quoted(`PATH=${unit.path}`)}`,
    ...(unit.user === undefined ? [] : [`User=${unit.user}`]),
    'UMask=0077',
    'Restart=always',
    'RestartSec=5',
    // It ends its own processes in order; what is left after that is killed.
    'KillMode=mixed',
    `TimeoutStopSec=${STOP_SECONDS}`,
    '',
    '[Install]',
    `WantedBy=${unit.user === undefined ? 'default.target' : 'multi-user.target'}`,
    '',
  ];
  return lines.join('\n');
}

/** `%` begins a specifier everywhere. */
const plain = (text: string): string => text.replaceAll('%', '%%');

/** One word of a command line or of a list of variables: nothing in it is taken for systemd's own (systemd.syntax(7)). */
const quoted = (text: string): string =>
  `"${plain(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '$$$$')}"`;
