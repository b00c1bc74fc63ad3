import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { atTheEnd, docker } from '../../test/services/docker.js';
import { freePorts } from '../../test/services/free-port.js';
import type { Place } from './place.js';

const FILE = fileURLToPath(new URL('../../docker/demo/compose.yml', import.meta.url));
const BUCKET = 'shop-backups';

/** The shop as a compose stack (docker/demo), with a service that needs both stores; backups in its MinIO. */
export async function startDockerPlace(): Promise<Place> {
  const project = `steady-demo-${randomBytes(4).toString('hex')}`;
  const [apiPort, storagePort] = (await freePorts(2)) as [number, number];
  const secret = (): string => randomBytes(12).toString('hex');
  const secrets = {
    POSTGRES_PASSWORD: secret(),
    REDIS_PASSWORD: secret(),
    STEADY_S3_KEY: 'steady-demo',
    STEADY_S3_SECRET: secret(),
  };
  // Of the SDK, to everybody who runs Node.js 20; it is not the demo's news.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  // Compose fills them into its file: for the demo's own calls, and for those of the worker.
  const env = { ...secrets, API_PORT: String(apiPort), STORAGE_PORT: String(storagePort) };
  Object.assign(process.env, env);
  const compose = ['compose', '--project-name', project, '--file', FILE];
  const down = atTheEnd('docker', ...compose, 'down', '--volumes', '--timeout', '1');
  const inside = (service: string, argv: readonly string[], input = ''): string =>
    execFileSync('docker', [...compose, 'exec', '-T', ...argvEnv(service), service, ...argv], {
      encoding: 'utf8',
      input,
      maxBuffer: 2 ** 28,
      stdio: ['pipe', 'pipe', 'inherit'],
    }).trim();
  const redis = ['redis-cli', '--no-auth-warning'];
  const endpoint = `http://127.0.0.1:${storagePort}`;
  const s3 = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: secrets.STEADY_S3_KEY, secretAccessKey: secrets.STEADY_S3_SECRET },
  });
  try {
    await docker(...compose, 'up', '--detach', '--wait', '--quiet-pull');
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  } catch (error) {
    await down();
    throw error;
  }
  const credentials = '{ accessKey: { env: STEADY_S3_KEY }, secretKey: { env: STEADY_S3_SECRET } }';
  const url = `http://127.0.0.1:${apiPort}/health`;
  return {
    title: `the compose stack ${project}, backups in its MinIO`,
    env,
    limitSeconds: 900,
    yaml: {
      runtime: `{ compose: { files: [${JSON.stringify(FILE)}], project: ${project} } }`,
      storage: `{ s3: { bucket: ${BUCKET}, endpoint: "${endpoint}", credentials: ${credentials} } }`,
      db: 'service: db, database: shop, user: shop, password: { env: POSTGRES_PASSWORD }',
      cache: 'service: cache, data: /data/redis, password: { env: REDIS_PASSWORD }',
      services: `{ api: { needs: [db, cache], health: { http: { url: "${url}", expect: { json: { status: healthy } } } } } }`,
    },
    sql: (statement) =>
      inside('db', ['psql', '-U', 'shop', '-d', 'shop', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-c', statement]),
    feed: (commands) => void inside('cache', redis, commands),
    ask: (...command) => inside('cache', [...redis, ...command]),
    async storedBytes() {
      let bytes = 0;
      for (let token: string | undefined, more = true; more;) {
        const page = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken: token }));
        for (const object of page.Contents ?? []) bytes += object.Size ?? 0;
        token = page.NextContinuationToken;
        more = token !== undefined;
      }
      return bytes;
    },
    async health() {
      const answer = await fetch(url, { signal: AbortSignal.timeout(15_000) });
      const [id] = (await docker(...compose, 'ps', '-q', 'api')).split('\n');
      const startedAt = await docker('inspect', '-f', '{{.State.StartedAt}}', id ?? '');
      return { healthy: answer.ok, says: await answer.text(), startedAt: startedAt.trim() };
    },
    end: () => down(),
  };
}

/** The cache's password reaches its client by name. */
function argvEnv(service: string): string[] {
  if (service !== 'cache') return [];
  process.env['REDISCLI_AUTH'] = process.env['REDIS_PASSWORD'];
  return ['-e', 'REDISCLI_AUTH'];
}
