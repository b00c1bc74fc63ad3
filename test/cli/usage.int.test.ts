import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILURES, type FailureCode } from '../../src/contracts/failures.js';
import { freePorts } from '../services/free-port.js';
import { builtSteady } from './rig/build.js';
import { runSteady, type Ran } from './rig/run-steady.js';

/** What needs no server: every command refuses bad input with one clear error, and starts nothing. */

let folder: string;
let main: string;
let nowhere: string;
beforeAll(async () => {
  main = await builtSteady();
  folder = await mkdtemp(join(tmpdir(), 'steady-usage-'));
  const [port] = await freePorts(1);
  nowhere = `127.0.0.1:${port}`;
  mkdirSync(join(folder, 'empty'));
  mkdirSync(join(folder, 'stack'));
  mkdirSync(join(folder, 'stack', 'backups'));
  writeFileSync(
    join(folder, 'stack', 'steady.yaml'),
    `version: 1
stack: shop
timezone: Europe/Berlin
storage: { main: { directory: { path: backups } } }
stores:
  db: { postgres: { host: 127.0.0.1, database: shop, user: shop } }
  cache: { redis: { host: 127.0.0.1 } }
plans:
  nightly: { schedule: "30 3 * * *", stores: [db, cache] }
`,
  );
  writeFileSync(
    join(folder, 'broken.yaml'),
    'version: 1\nstack: shop\nstorage: { main: { directory: { path: b } } }\nstore:\n  db: {}\n',
  );
  writeFileSync(join(folder, 'not-an-identity'), 'hello\n');
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const steady = (...args: string[]): Promise<Ran> =>
  runSteady(args, {
    main,
    cwd: folder,
    env: {
      ...process.env,
      XDG_CONFIG_HOME: join(folder, 'config'),
      TEMPORAL_ADDRESS: nowhere,
      STEADY_IDENTITY: undefined,
    },
  });

type Case = readonly [args: string, exit: number, code: FailureCode, message: string | RegExp];

const STACK = '-c stack';
const ID = '20261122T020000Z-k7q2m9xd';
const CASES: readonly Case[] = [
  // the command line itself
  ['', 2, 'usage.invalid', 'wrong usage [error="a command is missing"]'],
  ['backup', 2, 'usage.invalid', 'wrong usage [error="a command is missing"]'],
  ['stauts', 2, 'usage.invalid', 'wrong usage [error="unknown command \'stauts\' (Did you mean status?)"]'],
  [
    'backup run --plam nightly',
    2,
    'usage.invalid',
    'wrong usage [error="unknown option \'--plam\' (Did you mean --plan?)"]',
  ],
  ['approve', 2, 'usage.invalid', 'wrong usage [error="missing required argument \'run\'"]'],
  ['freeze', 2, 'usage.invalid', `wrong usage [error="required option '--reason <text>' not specified"]`],
  [
    `${STACK} freeze --reason x --for 1h --until 2099-01-01`,
    2,
    'usage.invalid',
    'wrong usage [error="--until or --for, not both"]',
  ],
  [
    `${STACK} freeze --reason x --until 2020-01-01`,
    2,
    'usage.invalid',
    'wrong usage [until=2020-01-01 error="that is over"]',
  ],
  [
    `${STACK} job run nightly`,
    2,
    'usage.invalid',
    'wrong usage [job=nightly allowed="none: there are none"]',
  ],
  [
    `${STACK} notify test`,
    2,
    'usage.invalid',
    'wrong usage [notify=none error="the stack file names no channels"]',
  ],
  [
    `${STACK} up --metrics 99999`,
    2,
    'usage.invalid',
    'wrong usage [metrics=99999 allowed="off, a port, or host:port"]',
  ],
  // the stack file
  ['status', 2, 'config.missing', 'no stack file [path=steady.yaml reason=ENOENT]'],
  ['status -c empty', 2, 'config.missing', 'no stack file [path=empty/steady.yaml reason=ENOENT]'],
  ['check --file -c broken.yaml', 2, 'config.invalid', /the stack file is not valid \[file=broken\.yaml/],
  // stores, plans, depths, dates, ids
  [`${STACK} backup run dbb`, 2, 'usage.invalid', 'wrong usage [store=dbb allowed=db,cache nearest=db]'],
  [
    `${STACK} backup run --plan nightly2`,
    2,
    'usage.invalid',
    'wrong usage [plan=nightly2 allowed=nightly nearest=nightly]',
  ],
  [
    `${STACK} backup run --verify red`,
    2,
    'usage.invalid',
    'wrong usage [depth=red allowed=stored,readable,restored]',
  ],
  [
    `${STACK} backup verify --depth deep`,
    2,
    'usage.invalid',
    'wrong usage [depth=deep allowed=stored,readable,restored]',
  ],
  [
    `${STACK} backup verify db`,
    2,
    'usage.invalid',
    'wrong usage [what=db allowed="latest, the id of a backup or set, or a date such as \\"2026-11-22 02:13\\"" instead="--store db"]',
  ],
  [
    `${STACK} restore undo ${ID} --dry-run --store db`,
    2,
    'usage.invalid',
    'wrong usage [options=--store,--dry-run error="restore undo puts back all that is kept of what the restore replaced, and takes none of these"]',
  ],
  [`${STACK} status --profile nope`, 2, 'usage.invalid', /^wrong usage \[profile=nope error=/],
  [`${STACK} restore latst`, 2, 'usage.invalid', /^wrong usage \[what=latst allowed=.* nearest=latest\]$/],
  [
    `${STACK} restore 2026-13-40`,
    2,
    'usage.invalid',
    'wrong usage [time=2026-13-40 reason="there is no such day or time"]',
  ],
  [
    `${STACK} restore 2026-03-29T02:30`,
    2,
    'usage.invalid',
    'wrong usage [time=2026-03-29T02:30 reason="this local time does not exist in Europe/Berlin: the clocks skip it"]',
  ],
  [`${STACK} restore latest --store web`, 2, 'usage.invalid', 'wrong usage [store=web allowed=db,cache]'],
  [
    `${STACK} restore --consumers later`,
    2,
    'usage.invalid',
    'wrong usage [consumers=later allowed=stop-first]',
  ],
  [
    `${STACK} restore --into x --in-place`,
    2,
    'usage.invalid',
    'wrong usage [error="--into and --in-place exclude each other"]',
  ],
  [
    `${STACK} restore --into x`,
    2,
    'usage.invalid',
    'wrong usage [into=x error="one store at a time: choose it with --store" stores=db,cache]',
  ],
  [
    `${STACK} restore --unsaved`,
    2,
    'usage.invalid',
    'wrong usage [error="--unsaved is for --in-place alone"]',
  ],
  [`${STACK} backup list web`, 2, 'usage.invalid', 'wrong usage [store=web allowed=db,cache]'],
  [
    `${STACK} backup show abc`,
    2,
    'usage.invalid',
    'wrong usage [id=abc allowed="a backup id such as 20261122T020000Z-k7q2m9xd"]',
  ],
  [
    `${STACK} backup keep ${ID} --until 2020-01-01`,
    2,
    'usage.invalid',
    'wrong usage [until=2020-01-01 error="has passed already"]',
  ],
  [
    `${STACK} backup keep ${ID} --until soon`,
    2,
    'usage.invalid',
    /^wrong usage \[time=soon reason="not a date/,
  ],
  [
    `${STACK} backup mark --suspect --reason breach`,
    2,
    'usage.invalid',
    'wrong usage [error="either the id of a backup, or --after TIME"]',
  ],
  [`${STACK} backup mark ${ID} --reason breach`, 2, 'usage.invalid', /required option '--suspect' not/],
  [`${STACK} backup mark ${ID} --suspect`, 2, 'usage.invalid', /required option '--reason <text>' not/],
  [`${STACK} backup prune web`, 2, 'usage.invalid', 'wrong usage [store=web allowed=db,cache]'],
  [
    `${STACK} freeze dbx --reason why`,
    2,
    'usage.invalid',
    'wrong usage [target=dbx allowed=db,cache nearest=db]',
  ],
  [`${STACK} thaw dbx`, 2, 'usage.invalid', 'wrong usage [target=dbx allowed=db,cache nearest=db]'],
  [`${STACK} runs --limit many`, 2, 'usage.invalid', 'wrong usage [limit=many allowed="1 to 10000"]'],
  [`${STACK} up --port 99999`, 2, 'usage.invalid', 'wrong usage [port=99999 allowed="1 to 65535"]'],
  [
    `${STACK} up --state not-an-identity`,
    2,
    'usage.invalid',
    /^wrong usage \[state=.*not-an-identity error="cannot be made: EEXIST"\]$/,
  ],
  [
    `${STACK} up --state /proc/nope`,
    2,
    'usage.invalid',
    'wrong usage [state=/proc/nope error="cannot be made: ENOENT"]',
  ],
  [
    `${STACK} worker --roles keper`,
    2,
    'usage.invalid',
    'wrong usage [role=keper allowed=backup,proof,keeper,change,quick nearest=keeper]',
  ],
  [
    `${STACK} evidence verify --head 12`,
    2,
    'usage.invalid',
    'wrong usage [head=12 allowed="a number, a colon and a SHA-256 as this command prints"]',
  ],
  // people and keys
  [`${STACK} approve abc`, 2, 'identity.missing', /^no identity \[path=.*config\/steady\/identity\]$/],
  [
    `${STACK} approve abc --identity not-an-identity`,
    2,
    'identity.missing',
    'no identity [path=not-an-identity error="not an identity file"]',
  ],
  ['identity show', 2, 'identity.missing', /^no identity \[path=.*config\/steady\/identity\]$/],
  [
    `${STACK} key test --identity-file nothing.key`,
    2,
    'usage.invalid',
    /^wrong usage \[identity_file=.*nothing\.key error=ENOENT\]$/,
  ],
  [
    'key create not-an-identity',
    2,
    'usage.invalid',
    /^wrong usage \[file=.*not-an-identity error="exists already, and is never overwritten"\]$/,
  ],
  // out of reach
  ...(
    [
      'status',
      'runs',
      'show abc',
      'apply',
      'backup run',
      'restore latest',
      'restore latest --store db --into x',
      `restore ${ID} --into x`,
      `restore undo ${ID}`,
      'freeze --reason why',
      'key test',
    ] as const
  ).map((args): Case => [
    `${STACK} ${args}`,
    5,
    'temporal.unreachable',
    /^cannot reach Temporal \[address=127\.0\.0\.1:\d+/,
  ]),
];

const STACK_TRACE = /\n\s+at .*[.:]\d+|node:internal/;

describe('wrong usage', () => {
  it.concurrent.each(CASES)('steady %s', async (line, exit, code, message) => {
    const args = line === '' ? [] : line.split(' ');
    const json = await steady('--json', ...args);
    expect(json.code).toBe(exit);
    // With --json: one document on stdout, nothing else that a program would have to understand.
    expect(json.json).toMatchObject({ error: { code, hint: FAILURES[code].hint } });
    if (typeof message === 'string') expect(json.json.error.message).toBe(message);
    else expect(json.json.error.message).toMatch(message);
    expect(json.stderr).not.toMatch(STACK_TRACE);
  });

  it.each([
    ['restore latst', 2, 'usage.invalid'],
    ['approve abc', 2, 'identity.missing'],
    ['status', 5, 'temporal.unreachable'],
  ] as const)(
    'steady %s tells people what failed, its code, and what to do next',
    async (line, exit, code) => {
      const { stdout, stderr, code: ended } = await steady('-c', 'stack', ...line.split(' '));
      expect([ended, stdout]).toEqual([exit, '']);
      expect(stderr.split('\n')).toEqual([
        expect.stringMatching(/^error: \S/),
        `  code: ${code}`,
        `  hint: ${FAILURES[code].hint}`,
        '',
      ]);
    },
  );

  it('names file, line, field and the nearest spelling in a broken file', async () => {
    const { stderr } = await steady('check', '--file', '-c', 'broken.yaml');
    expect(stderr).toMatch(/^broken\.yaml:4:1 store: unknown field; did you mean "stores"\?$/m);
    const { json } = await steady('--json', 'check', '--file', '-c', 'broken.yaml');
    expect(json.error.problems).toContainEqual(
      expect.objectContaining({ file: 'broken.yaml', line: 4, field: 'store', nearest: 'stores' }),
    );
  });

  it('prints help and the version with exit code 0', async () => {
    expect((await steady('--help')).code).toBe(0);
    const version = await steady('--version');
    expect([version.code, version.stdout]).toEqual([0, '0.1.0\n']);
  });
});

describe('without Temporal', () => {
  it('checks the file alone', async () => {
    const { code, json } = await steady('--json', '-c', 'stack', 'check', '--file');
    expect([code, json.valid, json.lines]).toEqual([0, true, []]);
  });

  it('verifies an empty chain, and says that nobody was asked for runs without a record', async () => {
    const { code, json } = await steady('--json', '-c', 'stack', 'evidence', 'verify');
    expect(code).toBe(0);
    expect(json).toMatchObject({ records: 0, head: null, holds: true, temporal: { asked: false } });
  });

  it('says that storage is away', async () => {
    const away = join(folder, 'away.yaml');
    writeFileSync(
      away,
      'version: 1\nstack: shop\nstorage: { main: { directory: { path: not-mounted } } }\nstores:\n  f: { files: { path: /srv } }\n',
    );
    const { code, json } = await steady('--json', '-c', away, 'evidence', 'verify');
    expect(code).toBe(5);
    expect(json.error.code).toBe('storage.unreachable');
  });
});
