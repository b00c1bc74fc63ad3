/**
 * Examples of docs/steady-yaml.md. Each is a part of a stack file; the tests put it into the first one, which is whole,
 * and load it.
 */
export const EXAMPLES = {
  whole: `version: 1
stack: shop
timezone: Europe/Berlin
runtime:
  compose: { files: [docker-compose.yml] }
storage:
  main:
    directory: { path: /mnt/backups }
stores:
  db:
    postgres: { service: postgres, database: shop, user: shop, password: { env: POSTGRES_PASSWORD } }
services:
  api:
    needs: [db]
plans:
  nightly:
    schedule: "30 3 * * *"
    stores: [db]
    keep: { daily: 7, weekly: 4, monthly: 6 }
`,
  runtime: `runtime:
  # nerdctl, podman and docker-compose are known too
  compose: { tool: docker, files: [docker-compose.yml, docker-compose.prod.yml], project: shop }
`,
  host: `runtime:
  host: {}
stores:
  db:
    postgres: { host: 127.0.0.1, database: shop, user: shop, password: { file: /etc/steady/postgres-password } }
services:
  api: { needs: [db], unit: shop-api.service }
  worker: { needs: [db], start: [/srv/shop/bin/start], stop: [/srv/shop/bin/stop], drain: 30s }
`,
  storage: `storage:
  main:
    s3:
      bucket: shop-backups
      endpoint: https://minio.internal:9000
      credentials: { accessKey: { env: STEADY_S3_KEY }, secretKey: { env: STEADY_S3_SECRET } }
  encryption:
    age:
      # put in your own, from age-keygen
      recipients:
        - age1dnmxzgnqvsw03a5e4l8v37x3nlktlzv6mhqlrrf05rudwr3ve4ts7hhlqf # the proof worker's
        - age163fm39mde9smc3hfpeve6jr9kw6m3dzzdphy86v56fguk66wdpfqfm0qju # kept offline
      identity: { file: /etc/steady/proof.key }
`,
  stores: `stores:
  db:
    postgres: { service: postgres, database: shop, user: shop, password: { env: POSTGRES_PASSWORD }, digests: true }
  cache:
    redis: { service: redis, password: { env: REDIS_PASSWORD } }
  uploads:
    files: { volume: shop_uploads, exclude: [./thumbnails] }
`,
  services: `services:
  api:
    needs: [db, { name: recommendations, optional: true }]
    health:
      http: { url: http://localhost:8000/health, expect: { json: { status: healthy } } }
  recommendations: {}
  web: { container: shop-web, needs: [api] }
`,
  plans: `plans:
  nightly:
    schedule: "30 3 * * *"
    stores: [db]
    keep: { within: 7d, monthly: 12, verified: 3 }
    rpo: 26h
    verify: readable
    prove: { schedule: "0 5 * * 0" }
`,
  checks: `checks:
  orders:
    sql: { store: db, query: "SELECT count(*) > 0 FROM orders", expect: t }
  search:
    http:
      url: http://localhost:8000/search?q=tea
      login:
        form:
          url: http://localhost:8000/auth/token
          fields: { username: probe, password: { env: PROBE_PASSWORD } }
      expect: { text: Darjeeling, within: 5s }
  log:
    log: { service: api, lines: 50, without: ERROR }
`,
  people: `# put in your own keys, from steady identity create
approvers:
  - { name: ana, key: "ed25519:krTkKkNLDQ5l0P_1iJK2DFwbnkB5eWH6nISg8iU4k1c", roles: [operator] }
  - { name: ben, key: "ed25519:E647ICl-7rdstXNbwlKAXMtvd6PZ4CQXPBZP_npU9uc", roles: [operator, owner] }
approvals:
  restore: { from: operator, count: 1, expires: 1h }
`,
  notify: `notify:
  ops:
    slack: { url: { env: SLACK_URL } }
    on: [failed, approval, rpo, suspect, skipped, stuck]
  pager:
    webhook: { url: { env: PAGER_URL }, key: { env: PAGER_KEY } }
  stakeholders:
    smtp:
      host: mail.example.org
      user: steady
      password: { file: /etc/steady/smtp-password }
      from: steady@example.org
      to: [everybody@example.org]
    on: [notice, done]
  outside:
    heartbeat: { url: { env: HEARTBEAT_URL } }
`,
  limits: `limits: { stall: 10m, run: 48h, hold: 14d }
`,
} as const;
