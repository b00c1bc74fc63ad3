import type { Proposal, ProposedService, ProposedStore } from './proposal.js';
import { comment, flow, scalar } from './yaml-text.js';

/** The folder for backups that is proposed, relative to the stack file. */
export const PROPOSED_STORAGE = './steady-backups';

/** The text of a steady.yaml for what was found; each part says in a line what it is. */
export function writeSteadyYaml(proposal: Proposal): string {
  const parts = [
    head(proposal),
    storage(proposal),
    stores(proposal),
    services(proposal),
    plan(proposal),
    people(),
  ];
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function head({ stack, timezone, composeFile, project }: Proposal): string[] {
  return [
    comment(`Proposed by \`steady init\` from ${composeFile}. Read it through; then run \`steady check\`.`),
    'version: 1',
    `stack: ${scalar(stack)}`,
    '# Zone of the schedules below, and of dates you type.',
    `timezone: ${scalar(timezone)}`,
    '',
    '# What runs the services.',
    'runtime:',
    '  compose:',
    '    tool: docker # or nerdctl, podman, docker-compose',
    `    files: [${scalar(composeFile)}]`,
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

function stores({ stores: active, proposedStores }: Proposal): string[] {
  const lines = [
    '# The parts that hold data. Passwords are references, read where the worker runs.',
    'stores:',
  ];
  for (const store of active) lines.push(...storeLines(store).map((line) => `  ${line}`));
  for (const store of proposedStores)
    lines.push(...storeLines(store).map((line) => (line.startsWith('#') ? `  ${line}` : `  # ${line}`)));
  return lines;
}

function storeLines({ name, found }: ProposedStore): string[] {
  if (found.kind !== 'files') {
    const password =
      found.password &&
      flow(Object.fromEntries(Object.entries(found.password).map(([key, value]) => [key, scalar(value)])));
    const service = scalar(found.service);
    const options =
      found.kind === 'redis'
        ? { service, password }
        : { service, database: scalar(found.database), user: scalar(found.user), password };
    return [`${scalar(name)}:`, `  ${found.kind}: ${flow(options)}`];
  }
  const place =
    'volume' in found.place ? { volume: scalar(found.place.volume) } : { path: scalar(found.place.path) };
  const users = found.services.join(', ');
  const why = found.doubt === undefined ? '' : `${found.doubt}; remove the # to archive it as files. `;
  return [
    comment(`${why}Archived with ${users} stopped meanwhile.`),
    `${scalar(name)}:`,
    `  files: ${flow(place)}`,
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
          comment(`As the clean-up rule \`-mtime +${keepDays}\` of the compose file means it.`).replace(
            /^/,
            '    ',
          ),
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
