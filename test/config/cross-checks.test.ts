import { describe, expect, it } from 'vitest';
import { CLUSTER_STACK } from './whole-stacks.js';
import { FULL_STACK, parse, problemsOf, warningsOf, withPart } from './stack-text.js';

const HOST = 'runtime:\n  host: {}';
const COMPOSE = 'runtime:\n  compose: { files: [docker-compose.prod.yml], project: rag }';

describe('names', () => {
  it('of a plan’s stores must exist', () => {
    expect(problemsOf(withPart('stores: [db, cache, uploads]', 'stores: [db, cahce, db]'))).toBe(
      [
        'steady.yaml:30:18 plans.nightly.stores[1]: no such store; found "cahce"; allowed: db, cache, uploads; did you mean "cache"?',
        'steady.yaml:30:25 plans.nightly.stores[2]: a store named twice; found "db"',
      ].join('\n'),
    );
  });

  it('of needs must be stores or services', () => {
    expect(problemsOf(withPart('name: llm', 'name: llmm'))).toBe(
      'steady.yaml:24:33 services.api.needs[3]: no such store or service; found "llmm"; allowed: db, cache, uploads, api, llm; did you mean "llm"?',
    );
  });

  it('of stores and services must differ', () => {
    expect(problemsOf(withPart('  llm: {}', '  llm: {}\n  db: {}'))).toBe(
      'steady.yaml:27:3 services.db: a store has this name too: needs and locks could mean either',
    );
  });

  it('in checks must be of the right kind', () => {
    expect(problemsOf(withPart('sql: { store: db,', 'sql: { store: cache,'))).toContain(
      'checks.answers.sql.store: no such postgres store; found "cache"; allowed: db',
    );
  });

  it('that need each other in a circle are an error that shows the circle', () => {
    const text = withPart(
      '  llm: {}',
      '  llm: { needs: [web] }\n  web: { needs: [proxy] }\n  proxy: { needs: [llm] }',
    );
    expect(problemsOf(text)).toBe(
      'steady.yaml:26:10 services.llm.needs: needs go round in a circle: llm → web → proxy → llm',
    );
  });

  it('may go round by an optional edge, which orders nothing', () => {
    expect(warningsOf(withPart('  llm: {}', '  llm: { needs: [{ name: api, optional: true }] }'))).toBe('');
  });

  it('of stores that no plan backs up are warned of', () => {
    expect(warningsOf(withPart('stores: [db, cache, uploads]', 'stores: [db, uploads]'))).toBe(
      'steady.yaml:18:3 stores.cache: no plan backs up this store',
    );
  });
});

describe('places', () => {
  it('are a service or a host, not both', () => {
    expect(problemsOf(withPart('service: redis,', 'service: redis, host: 10.0.0.1,'))).toContain(
      'stores.cache.redis.host: either a service or a host, not both',
    );
  });

  it('of administration are other databases than the one of the store', () => {
    const wrong =
      'stores.db.postgres.maintenanceDatabase: must be another database than the one of the store: a restore renames that, which nobody can do from inside; name another one, or leave it out; found ';
    expect(problemsOf(withPart('database: rag', 'database: rag, maintenanceDatabase: rag'))).toBe(
      `steady.yaml:17:72 ${wrong}"rag"`,
    );
    const usual = (database: string) =>
      parse(withPart('database: rag', `database: ${database}`)).stack.stores['db']?.postgres
        ?.maintenanceDatabase;
    expect([usual('rag'), usual('postgres'), usual('template1')]).toEqual([
      'postgres',
      'template1',
      'postgres',
    ]);
  });

  it('must be named with the compose runtime', () => {
    expect(problemsOf(withPart('service: redis, ', ''))).toBe(
      'steady.yaml:19:5 stores.cache.redis.service: missing: with the compose runtime, name its service (or a host outside)',
    );
  });

  it('are no services and volumes on a host', () => {
    expect(problemsOf(withPart(COMPOSE, HOST))).toBe(
      [
        'steady.yaml:17:17 stores.db.postgres.service: a service needs the compose runtime; on a host, name host and port',
        'steady.yaml:19:14 stores.cache.redis.service: a service needs the compose runtime; on a host, name host and port',
        'steady.yaml:21:14 stores.uploads.files.volume: a volume needs the compose runtime; on a host, name a path',
      ].join('\n'),
    );
  });

  it('of files are a path or a volume, exactly one', () => {
    expect(problemsOf(withPart('volume: rag_uploads', 'volume: rag_uploads, path: /srv'))).toContain(
      'stores.uploads.files: must name exactly one of path, volume; found both',
    );
    expect(problemsOf(withPart('{ volume: rag_uploads }', '{}'))).toContain(
      'stores.uploads.files: must name exactly one of path, volume; found none',
    );
  });

  it('of a host’s services are given by a unit, or by start and stop', () => {
    const onHost = (service: string) =>
      withPart(COMPOSE, HOST)
        .replace('service: postgres, ', '')
        .replace('service: redis, ', '')
        .replace('volume: rag_uploads', 'path: /srv/uploads')
        .replace('  llm: {}', `  llm: ${service}`)
        .replace('    needs: [db', '    unit: rag-api\n    needs: [db');
    expect(warningsOf(onHost('{ unit: llama }'))).toBe('');
    expect(problemsOf(onHost('{ unit: llama, start: [run] }'))).toContain(
      'llm.unit: either a unit, or start and stop',
    );
    expect(problemsOf(onHost('{ start: [run] }'))).toContain(
      'services.llm.stop: missing: start and stop belong together',
    );
    expect(warningsOf(onHost('{ needs: [db] }'))).toContain(
      'services.llm: names no unit and no start and stop: a restore cannot stop it',
    );
  });
});

describe('TLS of stores', () => {
  const ON_NETWORK = 'host: db.example.org, database: rag';
  const postgres = (more: string, place = ON_NETWORK) =>
    withPart('service: postgres, database: rag', `${place}${more}`);

  it('is warned of where a connection leaves the machine without it', () => {
    expect(warningsOf(postgres(''))).toBe(
      'steady.yaml:17:23 stores.db.postgres.host: reached over a network without TLS: who is on the way can read and change the data and the password; add tls',
    );
    expect(warningsOf(postgres(', sslmode: require'))).toContain('its certificate is not looked at');
    expect(warningsOf(withPart('service: redis', 'host: 10.0.0.7'))).toContain(
      'stores.cache.redis.host: reached over a network without TLS',
    );
    const fine = [
      FULL_STACK,
      postgres(', tls: { ca: tls/ca.pem }'),
      ...['127.0.0.1', '"::1"', 'localhost', '/run/postgresql', 'llm'].map((host) =>
        postgres('', `host: ${host}, database: rag`),
      ),
    ];
    expect(fine.map(warningsOf)).toEqual(fine.map(() => ''));
  });

  it('is written one way, with both parts of a client certificate', () => {
    expect(problemsOf(postgres(', sslmode: require, tls: {}'))).toContain(
      'stores.db.postgres.sslmode: either tls or sslmode, not both: tls is verify-full',
    );
    expect(problemsOf(postgres(', sslmode: verify-full'))).toContain('allowed: disable, prefer, require');
    expect(problemsOf(postgres(', tls: { cert: client.pem }'))).toContain(
      'stores.db.postgres.tls.key: missing: cert and key belong together',
    );
    expect(problemsOf(postgres(', tls: { serverName: pg }'))).toContain(
      'stores.db.postgres.tls.serverName: for a host that is given as an IP address',
    );
  });

  it('is refused where PostgreSQL would leave it out without a word', () => {
    for (const asked of [', tls: {}', ', sslmode: require']) {
      expect(problemsOf(withPart('database: rag', `database: rag${asked}`))).toMatch(
        /stores.db.postgres.(tls|sslmode): tools run inside the container of the service and reach the server by its socket/,
      );
      expect(problemsOf(postgres(asked, 'host: /run/postgresql, database: rag'))).toContain(
        'a socket has no TLS',
      );
    }
  });

  it('names files of a service as its container has them', () => {
    expect(warningsOf(withPart('service: redis', 'service: redis, tls: { ca: /tls/ca.pem }'))).toBe('');
    expect(problemsOf(withPart('service: redis', 'service: redis, tls: { ca: tls/ca.pem }'))).toContain(
      'stores.cache.redis.tls.ca: with a service, the absolute path in its container; found "tls/ca.pem"',
    );
  });
});

describe('times', () => {
  const schedule = (zone: string, cron: string) =>
    withPart(
      'schedule: "30 3 * * *"',
      `schedule: ${JSON.stringify(cron)}`,
      withPart('timezone: UTC', `timezone: ${zone}`),
    );

  it('that daylight saving skips or repeats are warned of, with the day', () => {
    expect(warningsOf(schedule('Europe/Berlin', '30 2 * * *'))).toBe(
      [
        'steady.yaml:29:15 plans.nightly.schedule: 02:30 does not exist on 2027-03-28 in Europe/Berlin',
        'steady.yaml:29:15 plans.nightly.schedule: 02:30 comes twice on 2027-10-31 in Europe/Berlin',
      ].join('\n'),
    );
  });

  it('at 03:30, in UTC, every hour, or on other days are fine', () => {
    expect(warningsOf(schedule('Europe/Berlin', '30 3 * * *'))).toBe('');
    expect(warningsOf(schedule('UTC', '30 2 * * *'))).toBe('');
    expect(warningsOf(schedule('Europe/Berlin', '0 * * * *'))).toBe('');
    expect(warningsOf(schedule('Europe/Berlin', '30 2 * * 6'))).not.toContain('Europe/Berlin');
  });

  it('know changes of half an hour', () => {
    expect(warningsOf(schedule('Australia/Lord_Howe', '15 2 * * *'))).toContain(
      'plans.nightly.schedule: 02:15 does not exist on 2027-10-03 in Australia/Lord_Howe',
    );
  });

  it.each([
    ['30 3 * *', 'a schedule has 5 fields (minute, hour, day of month, month, day of week), not 4'],
    ['0 30 3 * * *', 'not 6'],
    ['@daily', 'not 1'],
    ['61 3 * * *', 'not a schedule'],
    ['x 3 * * *', 'not a minute: x'],
    ['30 3 L * *', 'not a day of month: L'],
    ['30 3 30 2 *', 'not a schedule: invalid explicit day of month definition'],
  ])('must be cron with five fields: %s', (cron, problem) => {
    expect(problemsOf(schedule('UTC', cron))).toContain(problem);
    expect(problemsOf(schedule('UTC', cron))).toContain('steady.yaml:29:15 plans.nightly.schedule: ');
  });

  it('are in a zone of the IANA list', () => {
    expect(problemsOf(schedule('Europe/Berln', '30 3 * * *'))).toBe(
      'steady.yaml:3:11 timezone: not a time zone of the IANA list; found "Europe/Berln"; did you mean "Europe/Berlin"?',
    );
    expect(problemsOf(schedule('berlin', '30 3 * * *'))).toContain('did you mean "Europe/Berlin"?');
    expect(problemsOf(schedule('europe/berlin', '30 3 * * *'))).toContain('did you mean "Europe/Berlin"?');
    expect(problemsOf(schedule('"+02:00"', '30 3 * * *'))).toContain('timezone: not a time zone');
    expect(warningsOf(schedule('Etc/UTC', '30 3 * * *'))).toBe('');
  });

  it('by day of month and day of week run only where both match', () => {
    expect(warningsOf(schedule('UTC', '30 3 1 * 0'))).toContain('it runs only on days that match both');
  });
});

describe('promises', () => {
  const plan = (cron: string, rest = '') =>
    withPart('schedule: "30 3 * * *"', `schedule: "${cron}"${rest === '' ? '' : `\n    ${rest}`}`);

  it('shorter than the time between runs are warned of, also when the file does not say them', () => {
    expect(warningsOf(plan('30 3 * * *', 'rpo: 1h'))).toBe(
      'steady.yaml:30:10 plans.nightly.rpo: shorter than the time between backups of db, up to 1d: `steady status` will say MISSED before each run; found 1h',
    );
    expect(warningsOf(plan('30 3 * * 1-5'))).toBe(
      'steady.yaml:28:3 plans.nightly.rpo: shorter than the time between backups of db, up to 3d: `steady status` will say MISSED before each run; found 1d',
    );
    expect(warningsOf(plan('30 3 * * 1-5', 'rpo: 74h'))).toBe('');
    expect(warningsOf(plan('30 3 * * 1-5', 'rpo: 74h\n    jitter: 3h'))).toContain('up to 3d3h');
  });

  it('count the runs of every plan that takes the store', () => {
    const two = (stores: string): string =>
      withPart(
        'checks:\n',
        `  hourly: { schedule: "0 * * * *", stores: [${stores}], rpo: 2h }\nchecks:\n`,
        plan('30 3 * * *', 'rpo: 2h'),
      );
    expect(warningsOf(two('db, cache, uploads'))).toBe('');
    expect(warningsOf(two('db, cache'))).toContain('the time between backups of uploads, up to 1d');
  });
});

describe('stores that overlap', () => {
  const twice = (store: string): string =>
    warningsOf(
      withPart(
        'stores: [db, cache, uploads]',
        'stores: [db, cache, uploads, again]',
        withPart('services:\n', `  again:\n    ${store}\nservices:\n`),
      ),
    );

  it('are warned of where both have the same data', () => {
    expect(twice('postgres: { service: postgres, database: rag, user: other }')).toBe(
      'steady.yaml:22:3 stores.again: the same database as store db: it is backed up twice, and a restore of one replaces the other',
    );
    expect(twice('redis: { service: redis }')).toContain('stores.again: the same server as store cache');
    expect(twice('files: { volume: rag_uploads }')).toContain('the same folder or volume as store uploads');
  });

  it('are fine where the data are others', () => {
    expect(twice('postgres: { service: postgres, database: other, user: rag }')).toBe('');
    expect(twice('postgres: { host: 10.0.0.1, tls: {}, database: rag, user: rag }')).toBe('');
    expect(twice('redis: { service: redis2 }')).toBe('');
    expect(twice('redis: { host: localhost, port: 6380 }')).toBe('');
  });

  it('are the same on this machine, however it is named', () => {
    const local = withPart(COMPOSE, HOST)
      .replace('service: postgres, ', '')
      .replace('service: redis, ', 'host: LOCALHOST, ')
      .replace('    files: { volume: rag_uploads }', '    redis: { host: "::1" }');
    expect(warningsOf(local)).toContain('stores.uploads: the same server as store cache');
  });
});

describe('texts that no program takes', () => {
  it('are refused: a NUL character, and what is no name of a variable', () => {
    expect(problemsOf(withPart('database: rag', 'database: "\\0rag"'))).toBe(
      'steady.yaml:17:46 stores.db.postgres.database: holds a NUL character, which no program takes',
    );
    for (const wrong of ['SHOP PW', '$SHOP_PW', '1PW', 'hunter2!'])
      expect(problemsOf(withPart('{ env: POSTGRES_PASSWORD }', `{ env: ${wrong} }`))).toBe(
        'steady.yaml:17:79 stores.db.postgres.password.env: not the name of an environment variable: letters, digits and _ only',
      );
  });

  it('are no variables elsewhere: an answer may have a field env', () => {
    expect(warningsOf(withPart('json: { status: healthy }', 'json: { env: "the test one" }'))).toBe('');
  });
});

describe('people', () => {
  const approvers = FULL_STACK.slice(FULL_STACK.indexOf('approvers:'), FULL_STACK.indexOf('approvals:'));

  it('must hold the roles that are asked for', () => {
    expect(problemsOf(withPart('from: operator', 'from: oprator'))).toBe(
      'steady.yaml:40:20 approvals.restore.from: nobody has this role; found "oprator"; allowed: operator, owner; did you mean "operator"?',
    );
    expect(problemsOf(withPart('from: operator }', 'from: operator, count: 3 }'))).toBe(
      'steady.yaml:40:37 approvals.restore.count: only 2 have the role operator; found 3',
    );
  });

  it('that are missing altogether are a warning: no restore can be approved', () => {
    expect(warningsOf(withPart(approvers, ''))).toBe(
      'steady.yaml:37:3 approvals.restore: there are no approvers: no restore can be approved',
    );
  });

  it('that must all agree cannot ask themselves', () => {
    expect(warningsOf(withPart('from: operator', 'from: owner'))).toContain('all of ben must agree');
  });

  it('have names and keys of their own, and keys that are no trick', () => {
    expect(problemsOf(withPart('name: ben', 'name: ana'))).toContain(
      'approvers[1].name: an approver named twice; found "ana"',
    );
    const [first, second] = [...FULL_STACK.matchAll(/ed25519:[\w-]+/g)].map(String);
    expect(problemsOf(withPart(second ?? '', first ?? ''))).toContain('another approver has the same key');
    const zero = `ed25519:${'A'.repeat(43)}`;
    expect(problemsOf(withPart(second ?? '', zero))).toContain('approvers[1].key: not an Ed25519 public key');
    expect(problemsOf(withPart(second ?? '', 'ed25519:short'))).toContain(
      'must be ed25519: and the public key',
    );
  });
});

describe('limits', () => {
  it('that keep nothing after a restore are warned of: there is no way back', () => {
    const hold = (time: string) => warningsOf(`${FULL_STACK}limits: { hold: ${time} }\n`);
    expect(hold('0s')).toBe(
      'steady.yaml:41:17 limits.hold: the replaced data are deleted as soon as a restore has ended: there is no way back (`steady restore undo`); found 0s',
    );
    expect(hold('1h')).toBe('');
  });
});

describe('encryption and secrets', () => {
  it('left out is a warning: backups hold password hashes', () => {
    const encryption = FULL_STACK.slice(FULL_STACK.indexOf('  encryption:'), FULL_STACK.indexOf('stores:'));
    expect(warningsOf(withPart(encryption, ''))).toBe(
      'steady.yaml:6:1 storage.encryption: backups are not encrypted, and they hold password hashes; see storage.encryption',
    );
  });

  it('left out of a stack of files alone is a warning that speaks of files', () => {
    const files = (stores: string) =>
      warningsOf(
        `version: 1\nstack: docs\nstorage: { main: { directory: { path: /backups } } }\nstores:\n  docs: { files: { path: /srv/docs } }\n${stores}`,
      );
    const words = 'storage.encryption: backups are not encrypted, and';
    expect(files('')).toContain(`${words} whoever reads storage reads your files; see storage.encryption`);
    expect(files('  cache: { redis: {} }\n')).toContain(`${words} they hold password hashes;`);
  });

  it('for one recipient is a warning', () => {
    const second = FULL_STACK.split('\n').find((line) => line.includes('age1q'));
    expect(warningsOf(withPart(`${second}\n`, ''))).toBe(
      'steady.yaml:11:7 storage.encryption.age.recipients: one recipient only: when its identity is lost, so are all backups; add one kept offline',
    );
  });

  it('for a recipient with a wrong letter is an error', () => {
    expect(problemsOf(withPart('age1hhc7', 'age1hhc8'))).toBe(
      'steady.yaml:12:11 storage.encryption.age.recipients[0]: not an age recipient: a letter is wrong or missing',
    );
  });

  it('without an identity proves nothing', () => {
    expect(warningsOf(withPart('      identity: { file: /etc/steady/proof.key }\n', ''))).toContain(
      'none will count as verified',
    );
  });

  it('finds secrets in the file itself', () => {
    const url = problemsOf(
      withPart('http://localhost:8000/health', 'http://ana:hunter2hunter2@localhost/health'),
    );
    expect(url).toContain('services.api.health.http.url: an address with a password in it');
    const form = problemsOf(
      withPart(
        'http: { url: "http://localhost:8000/health"',
        'http: { login: { form: { url: "http://x/token", fields: { username: ana, password: hunter2hunter2 } } }, url: "http://localhost:8000/health"',
      ),
    );
    expect(form).toContain('services.api.health.http.login.form.fields.password: a secret in plain text');
    expect(url + form).not.toContain('hunter2');
  });
});

describe('a lock of backups', () => {
  const locked = (lock: string, main: string): string =>
    withPart('    directory: { path: /backups }', `    ${main}\n  lock: ${lock}`);
  const s3 = 's3: { bucket: backups }';

  it('is not to be had in a folder', () => {
    expect(problemsOf(locked('{ mode: compliance, for: 30d }', 'directory: { path: /backups }'))).toBe(
      'steady.yaml:9:3 storage.lock: a folder cannot lock backups: who can write there can delete there; use S3 with Object Lock, or leave it out',
    );
    expect(warningsOf(locked('{ mode: compliance, for: 30d }', s3))).toBe('');
  });

  it('that would end between two renewals is warned of', () => {
    expect(warningsOf(locked('{ mode: compliance, for: 2d }', s3))).toBe(
      'steady.yaml:9:34 storage.lock.for: too short for plan nightly, which runs up to 1d apart: locks of backups that are kept would end between two runs; take at least 4d; found 2d',
    );
  });

  it('has a mode and a time', () => {
    expect(problemsOf(locked('{ mode: strict }', s3))).toBe(
      [
        'steady.yaml:9:3 storage.lock.for: missing; allowed: text',
        'steady.yaml:9:17 storage.lock.mode: not allowed; found "strict"; allowed: governance, compliance',
      ].join('\n'),
    );
  });
});

describe('channels', () => {
  const withNotify = (lines: string, text = FULL_STACK): string => `${text}notify:\n${lines}`;

  it('name exactly one kind, and events that there are, once', () => {
    const text = withNotify(
      '  a: { slack: { url: { env: A } }, heartbeat: { url: { env: B } } }\n  b: { slack: { url: { env: A } }, on: [fialed] }',
    );
    expect(problemsOf(text)).toContain(
      'notify.a: a channel must name exactly one of webhook, slack, smtp, command, heartbeat',
    );
    expect(problemsOf(text)).toMatch(/notify\.b\.on\[0\]: .*did you mean "failed"\?/);
    expect(problemsOf(withNotify('  b: { slack: { url: { env: A } }, on: [rpo, rpo] }'))).toContain(
      'notify.b.on[1]: an event named twice; found "rpo"',
    );
  });

  it('take an address only as a reference, and never show one that stands there', () => {
    const problems = problemsOf(
      withNotify('  a: { slack: { url: "https://hooks.slack.com/services/T0/B0/key" } }'),
    );
    expect(problems).toContain('notify.a.slack.url');
    expect(problems).not.toContain('T0/B0/key');
  });

  it('that are heartbeats are told of nothing else, and are called for a plan that is there and proves', () => {
    const heartbeat = (more: string): string => withNotify(`  h: { heartbeat: { url: { env: H }${more}`);
    expect(problemsOf(heartbeat(' }, on: [failed] }'))).toContain(
      'notify.h.on: not for a heartbeat: it is called after each verified set, and for nothing else',
    );
    expect(problemsOf(heartbeat(', plan: nihgtly } }'))).toContain(
      'no such plan; found "nihgtly"; allowed: nightly; did you mean "nightly"?',
    );
    const stored = FULL_STACK.replace('verify: restored', 'verify: stored');
    expect(warningsOf(withNotify('  h: { heartbeat: { url: { env: H } } }', stored))).toContain(
      'notify.h.heartbeat: never called: sets whose proof is only `stored` are not verified',
    );
    const two = FULL_STACK.replace(
      'checks:\n',
      '  hourly: { schedule: "0 * * * *", stores: [db] }\nchecks:\n',
    );
    expect(warningsOf(withNotify('  h: { heartbeat: { url: { env: H } } }', two))).toContain(
      'notify.h.heartbeat: called for the sets of any plan: the silence of one hides behind the others; name a `plan`',
    );
  });

  it('of mail have both halves of a login, and do not send it in the clear unwarned', () => {
    const mail = (more: string): string =>
      withNotify(`  m: { smtp: { host: mail, from: a@b, to: [c@d], ${more} } }`);
    expect(problemsOf(mail('user: me'))).toContain(
      'notify.m.smtp.password: missing: user and password belong together',
    );
    expect(warningsOf(mail('user: me, password: { env: P }, tls: none'))).toContain(
      'the password goes over the network as it is',
    );
  });
});

describe('services of a cluster', () => {
  const withServices = (services: string): string =>
    CLUSTER_STACK.replace(/services:[^]*$/, `services:\n${services}`);

  it('are each a workload of their own', () => {
    expect(problemsOf(withServices('  api: {}\n  web: { workload: deployment/api }\n'))).toContain(
      'services.web.workload: another service is this workload too; found deployment/api, which is api',
    );
  });

  it('are neither started by commands nor behind a router of ours', () => {
    const text = withServices('  api: { unit: api.service, router: { name: edge, port: 80 } }\n').replace(
      'stores:',
      'routers:\n  edge: { nginx: { folder: /etc/nginx/steady } }\nstores:',
    );
    const problems = problemsOf(text);
    expect(problems).toContain('services.api.unit: for the host runtime only; Kubernetes knows how');
    expect(problems).toContain(
      'services.api.router: Kubernetes itself sends requests to pods that are ready',
    );
  });

  it('are no workloads elsewhere', () => {
    expect(problemsOf(withPart('  llm: {}', '  llm: { workload: deployment/llm }'))).toContain(
      'services.llm.workload: for the kubernetes runtime only',
    );
  });
});

describe('what a deploy goes by', () => {
  const withDeploy = (deploy: string, jobs = 'migrate: { service: llm, command: [migrate] }'): string =>
    withPart('  llm: {}', `  llm: { deploy: ${deploy} }\njobs:\n  ${jobs}`);

  it('must be there: its jobs and stores', () => {
    const problems = problemsOf(withDeploy('{ before: { jobs: [migrat], backup: { stores: [dbb] } } }'));
    expect(problems).toContain('no such job; found "migrat"; allowed: migrate; did you mean "migrate"?');
    expect(problems).toContain('no such store; found "dbb"');
  });

  it('and a migration runs as the service itself', () => {
    expect(
      problemsOf(
        withDeploy('{ migrate: { job: other, reversible: true } }', 'other: { command: [migrate] }'),
      ),
    ).toContain('it does not run as the new version: the job must name this service; found "no service"');
  });

  it('and who may approve an exception must be somebody', () => {
    expect(problemsOf(withPart('approvals:', 'approvals:\n  exceptions: { from: nobody }'))).toContain(
      'approvals.exceptions.from: nobody has this role; found "nobody"',
    );
  });
});
