import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FULL_STACK, parse, problemsOf, warningsOf, withPart } from './stack-text.js';

describe('a valid stack file', () => {
  it('comes out with defaults filled in, durations in seconds and sizes in bytes', () => {
    const { stack } = parse(FULL_STACK);
    expect(stack.site).toBe('main');
    expect(stack.storage.pieceLimit).toBe(64 * 2 ** 30);
    expect(stack.plans['nightly']).toMatchObject({
      keep: { within: 604_800, verified: 2 },
      rpo: 86_400,
      limit: 43_200,
    });
    expect(stack.stores['db']?.postgres).toMatchObject({
      port: 5432,
      jobs: 2,
      maintenanceDatabase: 'postgres',
    });
    expect(stack.approvals.restore).toEqual({ from: 'operator', count: 1, self: false, expires: 3600 });
    expect(stack.limits.stall).toBe(300);
  });

  it('has no warnings when nothing is doubtful', () => {
    expect(warningsOf(FULL_STACK)).toBe('');
  });

  it('is named by the SHA-256 of its text, a byte order mark apart', () => {
    const sha256 = createHash('sha256').update(FULL_STACK).digest('hex');
    expect(parse(FULL_STACK).sha256).toBe(sha256);
    expect(parse(`\ufeff${FULL_STACK}`).sha256).toBe(sha256);
  });

  it('may use anchors, aliases, merge keys and the line ends of Windows', () => {
    const merged = withPart(
      'redis: { service: redis, password: { env: REDIS_PASSWORD } }',
      'redis: { <<: *login, service: redis }',
      withPart('password: { env: POSTGRES_PASSWORD }', 'password: &secret { env: POSTGRES_PASSWORD }'),
    ).replace('  cache:', '  other:\n    redis: &login { service: two, password: *secret }\n  cache:');
    const text = merged.replace('stores: [db, cache, uploads]', 'stores: [db, cache, uploads, other]');
    expect(parse(text).stack.stores['cache']?.redis).toMatchObject({
      service: 'redis',
      password: { env: 'POSTGRES_PASSWORD' },
    });
    expect(parse(FULL_STACK.replaceAll('\n', '\r\n')).stack).toEqual(parse(FULL_STACK).stack);
  });
});

describe('a stack file with mistakes', () => {
  it('names an unknown field and the nearest right one', () => {
    expect(problemsOf(withPart('database: rag', 'databse: rag'))).toBe(
      [
        'steady.yaml:17:5 stores.db.postgres.database: missing; allowed: text',
        'steady.yaml:17:36 stores.db.postgres.databse: unknown field; did you mean "database"?',
      ].join('\n'),
    );
  });

  it('lists what is allowed where no field is near', () => {
    expect(problemsOf(withPart('files: { volume: rag_uploads }', 'mysql: { volume: x }'))).toBe(
      'steady.yaml:21:5 stores.uploads.mysql: unknown field; allowed: postgres, redis, files',
    );
  });

  it('tells all problems at once, in the order of the file', () => {
    const text = FULL_STACK.replace('version: 1', 'version: 2')
      .replace('within: 7d', 'within: 7 days')
      .replace('verify: restored', 'verify: restord')
      .replace('database: rag', 'database: 12');
    expect(problemsOf(text)).toBe(
      [
        'steady.yaml:1:10 version: not allowed; found the number 2; allowed: 1',
        'steady.yaml:17:46 stores.db.postgres.database: wrong kind of value; found the number 12; allowed: text',
        'steady.yaml:31:21 plans.nightly.keep.within: must be a duration such as 90s, 15m, 24h, 7d or 1h30m; found "7 days"',
        'steady.yaml:32:13 plans.nightly.verify: not allowed; found "restord"; allowed: stored, readable, restored; did you mean "restored"?',
      ].join('\n'),
    );
  });

  it('says what form is wanted where a number alone was written', () => {
    expect(problemsOf(withPart('keep: { within: 7d }', 'rpo: 26'))).toBe(
      'steady.yaml:31:10 plans.nightly.rpo: wrong kind of value; found the number 26; allowed: a duration such as 26h',
    );
    expect(problemsOf(withPart('  encryption:', '  pieceLimit: 65GiB\n  encryption:'))).toContain(
      'storage.pieceLimit: must be 64GiB or less; found "65GiB"',
    );
    expect(problemsOf(withPart('  encryption:', '  pieceLimit: 64\n  encryption:'))).toContain(
      'storage.pieceLimit: wrong kind of value; found the number 64; allowed: a size such as 64MiB',
    );
    expect(problemsOf(withPart('version: 1', 'version: "1"'))).toBe(
      'steady.yaml:1:10 version: must be a number: without the quotes; found "1"',
    );
  });

  it('names a mistake once', () => {
    expect(problemsOf(withPart('from: operator }', 'from: operator, count: 99999999999999999999 }'))).toBe(
      'steady.yaml:40:37 approvals.restore.count: must be at most 10; found the number 100000000000000000000',
    );
    expect(problemsOf(withPart('    keep: {', '\tkeep: {'))).toBe(
      'steady.yaml:31:1 plans.nightly.stores: a tab as indentation; YAML takes spaces',
    );
  });

  it('points at the parent when a required field is missing', () => {
    expect(problemsOf(withPart('    directory: { path: /backups }', '    s3: {}'))).toBe(
      'steady.yaml:8:5 storage.main.s3.bucket: missing; allowed: text',
    );
  });

  it('never quotes what may be a password', () => {
    const asText = problemsOf(withPart('{ env: POSTGRES_PASSWORD }', 'hunter2hunter2'));
    expect(asText).toBe(
      'steady.yaml:17:72 stores.db.postgres.password: wrong kind of value; found a plain value; allowed: { env: NAME }, { file: PATH }',
    );
    const misspelt = problemsOf(withPart('{ env: POSTGRES_PASSWORD }', '{ envv: hunter2hunter2 }'));
    expect(misspelt).toBe(
      'steady.yaml:17:74 stores.db.postgres.password.envv: unknown field; did you mean "env"?',
    );
    for (const wrong of [
      'password: "hunter2hunter2',
      'password: {hunter2hunter2',
      'password: hunter2hunter2: x',
      'password: { hunter2hunter2 }',
      'password: [hunter2hunter2]',
    ]) {
      expect(problemsOf(withPart('password: { env: POSTGRES_PASSWORD }', wrong))).not.toContain('hunter2');
    }
    const key = problemsOf(withPart('age1hhc7', 'AGE-SECRET-KEY-1hhc7'));
    expect(key).toContain(
      'storage.encryption.age.recipients[0]: must be an age recipient (age1…); found a plain value',
    );
  });

  it('takes exactly one of env and file as a secret', () => {
    const path = 'steady.yaml:17:62 stores.db.postgres.password';
    expect(problemsOf(withPart('{ env: POSTGRES_PASSWORD }', '{ env: A, file: b }'))).toBe(
      `${path}: must name exactly one of env, file; found env and file`,
    );
    expect(problemsOf(withPart('{ env: POSTGRES_PASSWORD }', '{}'))).toBe(
      `${path}: must name exactly one of env, file; found none`,
    );
  });

  it('refuses names that cannot become parts of keys', () => {
    expect(problemsOf(withPart('  llm: {}', '  LLM Service: {}'))).toContain(
      'steady.yaml:26:3 services["LLM Service"]: must be 1 to 40 of a-z, 0-9 and -',
    );
  });

  it('demands a rule of retention: an empty policy would delete everything', () => {
    expect(problemsOf(withPart('keep: { within: 7d }', 'keep: { verified: 3 }'))).toContain(
      'plans.nightly.keep: must name at least one of within, last, hourly, daily, weekly, monthly, yearly',
    );
  });

  it('refuses limits of no time', () => {
    expect(problemsOf(`${FULL_STACK}limits: { stall: 0s }\n`)).toBe(
      'steady.yaml:41:11 limits.stall: must be longer than 0s; found "0s"',
    );
  });
});

describe('a duration', () => {
  it.each(['99999999999999d', '36526d', `${'9'.repeat(50)}s`])('has an end, in words: %s', (time) => {
    const words = `must be at most 36525d, a hundred years; found "${time}"`;
    expect(problemsOf(withPart('from: operator }', `from: operator, expires: ${time} }`))).toBe(
      `steady.yaml:40:30 approvals.restore.expires: ${words}`,
    );
    expect(problemsOf(`${FULL_STACK}limits: { hold: ${time} }\n`)).toBe(
      `steady.yaml:41:11 limits.hold: ${words}`,
    );
  });

  it('of a hundred years is as long as any', () => {
    expect(parse(`${FULL_STACK}limits: { hold: 36525d }\n`).stack.limits.hold).toBe(3_155_760_000);
  });
});

describe('text that is no YAML of ours', () => {
  it.each([
    ['', 'steady.yaml:1:1: the file is empty'],
    ['# nothing', 'steady.yaml:1:1: the file is empty'],
    ['just text', 'steady.yaml:1:1: wrong kind of value; found "just text"; allowed: a mapping'],
    ['a:\n\tb: 1', 'steady.yaml:2:1: a tab as indentation; YAML takes spaces'],
    ['{a: ', 'steady.yaml:1:5 a: not valid YAML: flow map must end with a }'],
    ['a: 1\n---\nb: 2', 'steady.yaml:2:1 a: a second document (---); the file holds one'],
    ['a: !vault x', 'steady.yaml:1:4: an unknown tag (!); a value that begins with ! must be quoted'],
    ['a: &x [*x]', 'steady.yaml:1:8 a[0]: an alias cannot stand inside what it names'],
    [
      'a: *x',
      'steady.yaml:1:4 a: an alias without an anchor before it; a value that begins with * must be quoted',
    ],
    ['a: * * *', 'steady.yaml:1:4 a: a value that begins with * must be quoted: in YAML it is an alias'],
    ['<<: 3', 'steady.yaml:1:1 ["<<"]: << takes a mapping or a list of mappings'],
  ])('%j', (text, problem) => {
    expect(problemsOf(text)).toBe(problem);
  });

  it('names a field that is there twice, and goes on to the rest', () => {
    const problems = problemsOf(`${FULL_STACK}stack: other\nsite: No\n`);
    expect(problems).toContain('steady.yaml:41:1 stack: named twice; every field once');
    expect(problems).toContain('steady.yaml:42:7 site: must be 1 to 40 of a-z, 0-9 and -');
  });

  it('refuses nesting and aliases without end before they cost anything', () => {
    expect(problemsOf('['.repeat(100_000))).toBe('steady.yaml:1:64: nested deeper than 64 levels');
    expect(problemsOf('- '.repeat(100_000))).toContain('nested deeper than 64 levels');
    const laughs = `a: &a [x,x]\nb: &b [${'*a,'.repeat(60)}]\nc: [${'*b,'.repeat(60)}]\n`;
    expect(problemsOf(laughs)).toBe('steady.yaml:3:125: more than 100 aliases');
  });
});
