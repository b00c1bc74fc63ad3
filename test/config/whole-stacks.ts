import { FULL_STACK } from './stack-text.js';

/** A valid file with what the full one has not: S3 that locks, servers outside with TLS, every kind of channel, all limits. */
export const OUTSIDE_STACK = `version: 1
stack: shop
timezone: Europe/Berlin
site: berlin
runtime:
  compose:
    tool: nerdctl
    namespace: shop
    files: [compose.yml, compose.override.yml]
    project: shop
    envFile: .env
    host: unix:///run/docker.sock
storage:
  main:
    s3:
      bucket: rag
      prefix: nightly
      endpoint: "https://minio:9000"
      region: eu-1
      pathStyle: true
      ca: tls/minio.pem
      sse: aws:kms
      credentials:
        accessKey: { env: A }
        secretKey: { file: /run/s }
        sessionToken: { env: T }
  lock: { mode: governance, for: 30d }
  encryption:
    age: { recipients: [age1hhc7gdly74376ec040ne4r2qflnjy4ruf8wcxgzztgeh3d8l79ds7wxuzx] }
  pieceLimit: 1GiB
stores:
  db:
    postgres:
      host: 10.0.0.9
      port: 5433
      database: shop
      user: shop
      password: { env: P }
      reader: { user: viewer, password: { env: V } }
      maintenanceDatabase: template1
      tls:
        ca: tls/ca.pem
        cert: tls/steady.pem
        key: tls/steady.key
        serverName: db.example.org
        verify: ca
      bin: /usr/lib/postgresql/17/bin
      jobs: 4
      lockTimeout: 30s
      digests: true
      checks: ["SELECT count(*) > 0 FROM orders"]
      proof: live-server
  plain:
    postgres:
      host: db.internal
      database: wiki
      user: wiki
      sslmode: require
  cache:
    redis:
      host: cache.example.org
      port: 6380
      user: steady
      password: { env: R }
      reader: { user: viewer, password: { file: /run/v } }
      tls:
        ca: tls/ca.pem
        cert: tls/steady.pem
        key: tls/steady.key
        serverName: cache
        verify: full
      data: /data
      bin: /opt/redis/bin
  uploads:
    files:
      volume: shop_uploads
      exclude: [./tmp, '*.part']
services:
  web:
    container: shop-web
    needs: [db, cache, { name: uploads, optional: false }]
    drain: 30s
    healthWithin: 5m
    log: { watch: 90s, lines: 40, errors: ERROR|FALLBACK, fail: out of memory }
    router: { name: edge, port: 8000, upstream: web_up, keepalive: 16 }
    deploy:
      strategy: recreate
      smoke: [front]
      before:
        jobs: [validate]
        backup: { stores: [db], within: 2h }
        disk: 5GiB
        memory: 1GiB
        secrets: true
      migrate: { job: migrate, backup: [db], reversible: false }
    health: { http: { url: "http://localhost/health" } }
jobs:
  validate: { service: web, command: [web, check], env: { STRICT: "1", KEY: { env: P } }, refuses: [changeme], limit: 5m }
  migrate: { service: web, command: [web, migrate] }
changes:
  windows: ["Mon-Thu 09:00-16:00", "Sun 02:00-04:00 Europe/Berlin"]
  calendars: [{ file: freeze.ics }, { url: "https://calendar.example.org/ops.ics" }, { url: { env: ICS } }]
routers:
  edge: { nginx: { service: edge, folder: /etc/nginx/steady } }
checks:
  front: { http: { url: "http://localhost/" } }
plans:
  nightly:
    schedule: "30 3 * * *"
    jitter: 20m
    stores: [db, plain, cache, uploads]
    keep: { within: 7d, last: 3, hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 2, verified: 3 }
    rpo: 26h
    verify: stored
    prove: { schedule: never }
    catchup: 6h
    limit: 8h
limits:
  stall: 1m
  run: 12h
  worker: 10m
  retry: 20m
  lock: 2h
  hold: 0s
  parallel: 3
  transfers: 4
  rate: 50MiB
  nice: 19
  watch: 5m
  litter: 14d
notify:
  hook: { webhook: { url: { env: H }, key: { env: K } }, on: [failed, done, approval] }
  team: { slack: { url: { env: S } } }
  post:
    smtp:
      host: mail
      port: 465
      tls: implicit
      ca: tls/mail.pem
      user: u
      password: { env: M }
      from: a@example.org
      to: [b@example.org]
  pager: { command: { run: [page, --urgent], env: { TOKEN: { file: /run/p } } }, on: [rpo, stuck] }
  beat: { heartbeat: { url: { env: B }, plan: nightly } }
`;

/** A valid file of a host without compose: commands, a unit, a folder, every kind of check and of login. */
export const HOST_STACK = `version: 1
stack: wiki
runtime: { host: {} }
storage:
  main: { directory: { path: /backups } }
stores:
  db:
    postgres: { database: wiki, user: wiki }
  cache:
    redis:
      process:
        start: [redis-server, /etc/redis.conf]
        stop: [redis-cli, shutdown]
  pages:
    files: { path: /srv/wiki }
services:
  wiki:
    unit: wiki.service
    needs: [db, pages]
  worker:
    start: [worker, --fork]
    stop: [pkill, worker]
    needs: [wiki, { name: cache, optional: true }]
plans:
  nightly:
    schedule: "0 2 * * 1-5"
    stores: [db, cache, pages]
    keep: { last: 5 }
    prove: { schedule: "0 5 * * 0" }
checks:
  answers:
    http:
      url: "https://wiki.example.org/api"
      method: POST
      body: { ask: [1, null] }
      ca: tls/wiki.pem
      login: { form: { url: "https://wiki.example.org/login", fields: { user: u, password: { env: F } }, field: token } }
      expect: { status: 201, json: { a.b: 1 }, text: ok, within: 10s }
  keyed: { http: { url: "http://wiki/", login: { header: { name: X-API-Key, value: { env: X } } } } }
  named: { http: { url: "http://wiki/", login: { basic: { user: u, password: { env: X } } } } }
  borne: { http: { url: "http://wiki/", login: { bearer: { token: { env: X } } } } }
  counted: { sql: { store: db, query: "select 1", expect: "1" } }
  cached: { redis: { store: cache, command: [GET, a], expect: b } }
  ran: { command: { argv: [check, --all], expect: fine, within: 1m } }
  quiet: { log: { service: wiki, lines: 50, without: ERROR } }
approvers:
  - { name: ana, key: "ed25519:JN99eQiewJu3gRSGMyB5iNAlUwGuofB6CagxgL5m18I", roles: [operator] }
  - { name: ben, key: "ed25519:_l5K8vN74BDpw8j9FRtlQf_ryqWVfvoawo5qM9IZx5U", roles: [operator] }
api: { key: "ed25519:YqYRtHLYmw5fyTwGm59wC0xVLVW8Doe1YAjvF7ayvr4=", signsFor: [operator] }
approvals:
  services: { from: operator, count: 1, self: true, expires: 15m }
  deploy: { from: operator, count: 1, self: true, expires: 15m }
  jobs: { from: operator, count: 1, self: true, expires: 15m }
  exceptions: { from: operator, count: 1, self: true, expires: 15m }
  restore: { from: operator, count: 2, self: true, expires: 30m }
`;

/** Services that are workloads of a cluster. */
export const CLUSTER_STACK = `version: 1
stack: rag7
runtime:
  kubernetes: { namespace: rag7, context: production, kubeconfig: kubeconfig.yaml }
storage:
  main: { directory: { path: /backups } }
stores:
  pages: { files: { path: /srv/rag7 } }
services:
  langgraph:
    workload: deployment/langgraph
    container: main
    health: { http: { url: "https://rag7.example.org/health" } }
  postgres: { workload: statefulset/postgres }
`;

/** Valid files that have every field of the stack file between them. */
export const WHOLE_STACKS = [FULL_STACK, OUTSIDE_STACK, HOST_STACK, CLUSTER_STACK];
