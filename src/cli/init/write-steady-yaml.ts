import type { Proposal, ProposedService } from './proposal.js';
import { storesPart } from './write-stores.js';
import { comment, flow, scalar } from './yaml-text.js';

/** The folder for backups that is proposed, relative to the stack file. */
export const PROPOSED_STORAGE = './steady-backups';

/** The text of a steady.yaml for what was found; each part says in a line what it is. */
export function writeSteadyYaml(proposal: Proposal): string {
  const parts = [
    head(proposal),
    storage(proposal),
    storesPart(proposal),
    services(proposal),
    plan(proposal),
    people(),
    outside(proposal),
  ].filter((lines) => lines.length > 0);
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function head({ stack, timezone, composeFiles, project, secrets }: Proposal): string[] {
  const from = composeFiles.join(', ');
  return [
    comment(`Proposed by \`steady init\` from ${from}. Read it through; then run \`steady check\`.`),
    ...(secrets.length === 0
      ? []
      : [
          '# Passwords are not in here. Set these where `steady up` (or `steady worker`) is started, which reads no .env:',
          comment(secrets.join(', ')),
        ]),
    'version: 1',
    `stack: ${scalar(stack)}`,
    '# Zone of the schedules below, and of dates you type.',
    `timezone: ${scalar(timezone)}`,
    '',
    '# What runs the services.',
    'runtime:',
    '  compose:',
    '    tool: docker # or nerdctl, podman, docker-compose',
    `    files: [${composeFiles.map(scalar).join(', ')}]`,
    ...(project === undefined
      ? []
      : [`    project: ${scalar(project)} # as Compose names it after the folder`]),
  ];
}

function storage({ recipients, identityFile }: Proposal): string[] {
  const identity = `      identity: ${flow({ file: scalar(identityFile ?? 'steady-proof.key') })}`;
  const encryption = recipients
    ? [
        '  # Without one of these two keys nobody reads a backup, you included.',
        '  encryption:',
        '    age:',
        '      recipients:',
        `        - ${scalar(recipients.proof)} # the proof worker’s`,
        `        - ${scalar(recipients.offline)} # kept offline, for the day this machine is gone`,
        '      # Read only where proofs and restores run.',
        identity,
      ]
    : [
        '  # Backups hold password hashes. Make two keys with `age-keygen` and keep one of them elsewhere:',
        '  # encryption:',
        '  #   age:',
        '  #     recipients: [age1…, age1…]',
        `  # ${identity.slice(2)}`,
      ];
  return [
    '# Where backups go. A disk of its own, or S3, outlives the one the data are on.',
    'storage:',
    '  main:',
    `    directory: { path: ${PROPOSED_STORAGE} }`,
    '    # s3:',
    '    #   bucket: my-backups',
    '    #   endpoint: https://minio.example:9000 # left out: AWS',
    '    #   credentials: { accessKey: { env: STEADY_S3_KEY }, secretKey: { env: STEADY_S3_SECRET } }',
    ...encryption,
  ];
}

function services({ services: list, leftOutServices }: Proposal): string[] {
  const leftOut = leftOutServices.map((name) =>
    comment(`Left out, as it runs by profile or as a job only: ${name}`),
  );
  if (list.length === 0) return ['# No other services were found.', ...leftOut];
  return [
    '# The parts that use them: what a restore stops and starts again, in the order of their needs.',
    'services:',
    ...list.flatMap((service) => serviceLines(service).map((line) => `  ${line}`)),
    ...leftOut.map((line) => `  ${line}`),
  ];
}

function serviceLines({ name, container, needs, healthUrl }: ProposedService): string[] {
  const edges = needs.map((need) =>
    need.optional ? flow({ name: scalar(need.name), optional: 'true' }) : scalar(need.name),
  );
  return [
    `${scalar(name)}:`,
    ...(container === name ? [] : [`  container: ${scalar(container)}`]),
    `  needs: [${edges.join(', ')}]`,
    ...(healthUrl === undefined ? [] : [`  # A guess: health: { http: { url: ${scalar(healthUrl)} } }`]),
  ];
}

function plan({ stores: active, keepDays }: Proposal): string[] {
  const keep =
    keepDays === undefined
      ? ['    keep: { daily: 7, weekly: 4, monthly: 6 } # and never fewer than the newest 2 verified ones']
      : [
          `    # As your own clean-up rule has it: older than ${keepDays} days goes.`,
          `    keep: { within: ${keepDays}d } # and never fewer than the newest 2 verified ones`,
        ];
  return [
    '# What is backed up when. 03:30 is clear of the hours that daylight saving time skips or repeats.',
    'plans:',
    '  nightly:',
    '    schedule: "30 3 * * *"',
    `    stores: [${active.map(({ name }) => scalar(name)).join(', ')}]`,
    ...keep,
    '    # Longest age of the newest verified backup: a day, and time for the next one to be made.',
    '    rpo: 26h',
    '    # Read to its end after each backup; `restored` loads it into a throwaway server.',
    '    verify: readable',
  ];
}

function people(): string[] {
  return [
    '# Who may approve a restore. `steady identity create` prints a key; without approvers nobody is asked.',
    '# approvers:',
    '#   - { name: ana, key: "ed25519:…", roles: [operator] }',
    '# approvals:',
    '#   restore: { from: operator, count: 1, expires: 1h }',
  ];
}

/** What nobody must take for backed up, and backups that go on beside ours. */
function outside({ notBackedUp, otherBackups, imports }: Proposal): string[] {
  const bare = notBackedUp.map(({ what, why }) => comment(`- ${what}: ${why}`));
  const others = otherBackups.map((what) => comment(`- ${what}`));
  return [
    ...(bare.length === 0 ? [] : ['# Not backed up by this file:', ...bare]),
    ...(others.length === 0
      ? []
      : [
          '# Backups of another make. Let them go on until the first proof of ours (`steady backup verify`), then switch them off:',
          ...others,
          ...(imports.length === 0
            ? []
            : [
                '# What they have left behind can be listed, proven and restored like ours:',
                ...imports.map((command) => comment(command)),
              ]),
        ]),
  ];
}
