import type { SchemaNode } from '../../src/config/schema-look.js';
import { EXAMPLES } from './examples.js';
import { fieldTable } from './schema-tables.js';

type ExampleName = keyof typeof EXAMPLES;

/** The text of docs/steady-yaml.md, from the schema. */
export function steadyYamlPage(schema: SchemaNode): string {
  const at = (...path: string[]) => path.reduce<SchemaNode>((node, name) => below(node, name), schema);
  const part = (title: string, words: string, table: string, ...examples: ExampleName[]) =>
    [`## ${title}`, words, ...examples.map(block), table].filter((text) => text !== '').join('\n\n');
  const only = (...names: string[]): SchemaNode => ({
    ...schema,
    properties: Object.fromEntries(names.map((name) => [name, leaf(below(schema, name))])),
  });
  return `${[
    '# steady.yaml',
    INTRODUCTION,
    block('whole'),
    part('The stack', '', fieldTable(only('version', 'stack', 'timezone', 'site'), '')),
    part('Runtime', RUNTIME, fieldTable(at('runtime'), 'runtime'), 'runtime', 'host'),
    part('Storage', STORAGE, fieldTable(at('storage'), 'storage'), 'storage'),
    part('Stores', STORES, fieldTable(at('stores', 'NAME'), 'stores.NAME'), 'stores'),
    part('Services', SERVICES, fieldTable(at('services', 'NAME'), 'services.NAME'), 'services'),
    part('Plans', PLANS, fieldTable(at('plans', 'NAME'), 'plans.NAME'), 'plans'),
    part('Checks', CHECKS, fieldTable(at('checks', 'NAME'), 'checks.NAME'), 'checks'),
    part(
      'People',
      PEOPLE,
      `${fieldTable(at('approvers', '[]'), 'approvers[]')}\n\n${fieldTable(at('approvals'), 'approvals')}\n\nWhat comes by way of the HTTP API is signed with a key of its own ([api.md](api.md)):\n\n${fieldTable(at('api'), 'api')}`,
      'people',
    ),
    part('Telling people', NOTIFY, fieldTable(at('notify', 'NAME'), 'notify.NAME'), 'notify'),
    part('Limits', LIMITS, fieldTable(at('limits'), 'limits'), 'limits'),
    ENDING,
  ].join('\n\n')}\n`;
}

const block = (name: ExampleName): string => `\`\`\`yaml\n${EXAMPLES[name]}\`\`\``;

/** A field without what lies below it. */
function leaf({ properties: _, ...node }: SchemaNode): SchemaNode {
  return node;
}

function below(node: SchemaNode, name: string): SchemaNode {
  const entries = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  const found = name === '[]' ? node.items : (node.properties?.[name] ?? entries);
  if (!found) throw new Error(`the schema has no ${name}`);
  return found;
}

const INTRODUCTION = `The one file that names a stack: what holds data, what uses it, where backups go, when, and who may decide.
Made from the schema by \`npx tsx scripts/generate-docs.ts\`; do not edit. Editors that know JSON Schema complete and
check it with a first line \`# yaml-language-server: $schema=PATH/steady.schema.json\`.

It is YAML 1.2 in UTF-8, at most 1 MiB; anchors, aliases and merge keys are allowed. \`steady check --file\` tells all
that is wrong with it, a line each: \`steady.yaml:12:5 stores.db.postgres.databse: unknown field; did you mean
"database"?\`. No secret stands in it: the file is kept in storage as it was applied.`;

const RUNTIME = `What runs the services: a compose project, or the worker's own machine. Left out: \`host: {}\`.`;

const STORAGE = `Where backups live. With encryption, whoever holds none of the identities reads nothing: keep one of two away from the
machine that is backed up.`;

const STORES = `The parts that hold data. With the compose runtime, PostgreSQL and Redis name their \`service\` (tools then run inside
it) or a \`host\` outside. \`files\` name exactly one of \`path\` and \`volume\`; the services that need them are stopped while
they are archived.`;

const SERVICES = `The parts that use the stores. A restore stops those that need the store, directly or through another service, dependents
first, and starts them in the reverse order. An optional need neither stops nor blocks anything. Needs must not go round
in a circle. With the host runtime a service has a \`unit\`, or \`start\` and \`stop\`.`;

const PLANS = `What is backed up together, when, and how long it is kept. A schedule has five fields (minute, hour, day of month, month,
day of week) and runs in the stack's zone. A local time that daylight saving skips does not come on that day, one that it
repeats comes twice: \`steady check\` warns of both, and 03:30 is clear of them in most zones. Where both a day of the month
and a day of the week are given, both must match.

**What is kept.** Age is counted from the newest verified backup, not from now: when backups or proofs stop, deleting
stops. With none verified nothing is deleted, and never the newest \`verified\` ones. \`hourly\` to \`yearly\` keep the newest of
each of so many hours, days, weeks, months or years that have a backup, by the calendar of the zone; a proven one goes
before a newer unproven one. A backup that shrank sharply and was not accepted, or that is marked as suspect, takes no
such place; it is kept 30 days (or \`within\`, if that is longer) for a person to look. A keep mark holds until its time.`;

const CHECKS = `Your own questions, asked after a restore and as a service's \`health\`: each is one of the kinds below.`;

const PEOPLE = `Who may decide, each by a key of their own (\`steady identity create\`), and what needs a decision.`;

const NOTIFY = `Channels by name, each one of the kinds below and what it is told of (\`on\`, not for a heartbeat). What each event means, the
form of a message, how a signature is checked: [notify.md](notify.md).`;

const LIMITS = 'Every wait has a limit.';

const ENDING = `## Secrets

A reference, read on the worker's machine when it is needed: \`{ env: NAME }\` names an environment variable of the worker,
\`{ file: PATH }\` a file (a final newline is dropped).

## Units

A **duration** is a number with \`s\`, \`m\`, \`h\`, \`d\` or \`w\`, or several: \`90s\`, \`15m\`, \`24h\`, \`7d\`, \`1h30m\`. A **size** is a number
with \`B\`, \`KiB\`, \`MiB\`, \`GiB\`, \`TiB\`, \`kB\`, \`MB\`, \`GB\` or \`TB\`. A **name** is 1 to 40 of a-z, 0-9 and -; stores and services
share one space of names.`;
