import { commandText, valueIn, type ComposeService } from './compose/service.js';
import { DATA_SERVICES, isArchived } from './data-services.js';

const POSTGRES = new Set([
  ...['postgres', 'postgresql', 'postgresql-repmgr', 'pgvector', 'postgis', 'timescaledb', 'timescaledb-ha'],
  ...['pgvecto-rs', 'vchord-postgres', 'vchord-suite', 'paradedb', 'citus', 'age', 'pgautoupgrade'],
]);
const REDIS = new Set(['redis', 'valkey', 'redis-stack', 'redis-stack-server']);

/** Where databases keep their data, for images under a name of one's own. */
const HOMES: readonly (readonly [folder: string, product: string])[] = [
  ['/var/lib/postgresql', 'PostgreSQL'],
  ['/bitnami/postgresql', 'PostgreSQL'],
  ['/home/postgres/pgdata', 'PostgreSQL'],
  ['/bitnami/redis', 'Redis'],
  ['/bitnami/valkey', 'Redis'],
  ['/var/lib/redis', 'Redis'],
  ['/var/lib/mysql', 'MySQL'],
  ['/bitnami/mysql', 'MySQL'],
  ['/bitnami/mariadb', 'MariaDB'],
  ['/data/db', 'MongoDB'],
  ['/bitnami/mongodb', 'MongoDB'],
  ['/var/lib/clickhouse', 'ClickHouse'],
  ['/usr/share/elasticsearch/data', 'Elasticsearch'],
  ['/usr/share/opensearch/data', 'OpenSearch'],
  ['/var/lib/cassandra', 'Cassandra'],
  ['/var/lib/scylla', 'ScyllaDB'],
  ['/var/lib/influxdb', 'InfluxDB'],
  ['/var/lib/influxdb2', 'InfluxDB'],
  ['/var/opt/mssql', 'SQL Server'],
  ['/var/lib/rabbitmq', 'RabbitMQ'],
  ['/qdrant/storage', 'Qdrant'],
  ['/var/lib/weaviate', 'Weaviate'],
  ['/chroma/chroma', 'Chroma'],
  ['/meili_data', 'Meilisearch'],
  ['/var/lib/milvus', 'Milvus'],
  ['/var/lib/manticore', 'Manticore Search'],
  ['/var/lib/arangodb3', 'ArangoDB'],
  ['/var/lib/etcd', 'etcd'],
];

/** Last part of an image's name: `docker.io/library/postgres:15-alpine@sha256:…` is `postgres`. */
export const imageName = (image: string): string => lastParts(image, 1);

/** The last parts of an image's path, without tag and digest. */
function lastParts(image: string, count: number): string {
  const path = (image.split('@')[0] ?? '').split('/').slice(-count);
  return [...path.slice(0, -1), (path.at(-1) ?? '').split(':')[0]].join('/').toLowerCase();
}

/** The database a service is, by its image, else by the place of its data; a job that only uses its tools is none. */
export function productOf(service: ComposeService): string | undefined {
  if (looksLikeBackup(service)) return undefined;
  const command = commandText(service);
  const name = imageName(service.image);
  if (POSTGRES.has(name))
    return /\b(pg_dump|pg_dumpall|pg_restore|psql|pg_basebackup)\b/.test(command) ? undefined : 'PostgreSQL';
  if (REDIS.has(name))
    return /\bredis-cli\b|--sentinel\b|redis-sentinel/.test(command) && !/redis-server/.test(command)
      ? undefined
      : 'Redis';
  return DATA_SERVICES.get(lastParts(service.image, 2)) ?? DATA_SERVICES.get(name) ?? byHome(service);
}

const byHome = (service: ComposeService): string | undefined =>
  HOMES.find(([folder]) =>
    service.mounts.some((mount) => !mount.readOnly && isIn(mount.target, folder)),
  )?.[1];

/** Whether a mount is where a data service keeps its data, whatever it is called. */
export const isHome = (target: string): boolean => HOMES.some(([folder]) => isIn(target, folder));

const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Whether a mount of a PostgreSQL or Redis service is where it keeps its data. */
export function holdsItsData(service: ComposeService, target: string): boolean {
  const own = ['PGDATA', 'POSTGRESQL_VOLUME_DIR'].flatMap((name) => valueIn(service, name) ?? []);
  if (productOf(service) === 'Redis' && isIn(target, '/data')) return true;
  return isHome(target) || own.some((folder) => isIn(folder, target));
}

/** Why a data service cannot be a store; undefined when it can, or is no database. */
export function whyNoStore(service: ComposeService): string | undefined {
  const product = productOf(service);
  if (product === undefined) return undefined;
  // Neo4j is planned by name; of the others nothing is promised.
  if (product === 'Neo4j') return 'a store for Neo4j comes with a later version';
  if (product !== 'PostgreSQL' && product !== 'Redis') return `${product} has no store of its own yet`;
  if (service.byProfileOnly) return 'it runs only with a profile that is not switched on';
  const command = commandText(service);
  const mode = valueIn(service, 'POSTGRESQL_REPLICATION_MODE') ?? valueIn(service, 'REDIS_REPLICATION_MODE');
  if (/--(replicaof|slaveof)\b/.test(command) || mode === 'slave' || mode === 'replica')
    return 'it is a replica: its primary is what to back up';
  if (/--cluster-enabled\s+yes/.test(command)) return 'a Redis cluster cannot be backed up yet';
  return undefined;
}

/** Whether it has no store of its own, and its volumes are archived all the same. */
export function isArchivedInstead(service: ComposeService): boolean {
  const product = productOf(service);
  return product !== undefined && isArchived(product);
}

const BACKUP_NAME = /backup|(^|[-_])(restic|borg|borgmatic|kopia|duplicati|rclone|wal-g|barman)([-_]|$)/i;
const DUMPS =
  /\b(pg_dump|pg_dumpall|pg_basebackup|mysqldump|mariadb-dump|mongodump|redis-cli\b.*--rdb|neo4j-admin\b.*\bdump|restic\b.*\bbackup|borg\b.*\bcreate)\b/;

/** The tool a command line makes backups with, such as `pg_dump`. */
export const dumpToolIn = (text: string): string | undefined => DUMPS.exec(text)?.[1]?.split(/\s/)[0];

/** A job that makes backups beside ours, by its name, its image, or what it runs. */
export function looksLikeBackup(service: ComposeService): boolean {
  const texts = [commandText(service), ...Object.values(service.labels)];
  return (
    BACKUP_NAME.test(service.name) ||
    BACKUP_NAME.test(imageName(service.image)) ||
    (texts.some((text) => dumpToolIn(text) !== undefined) && service.healthTest === '')
  );
}
