import { commandText, valueIn, type ComposeService } from './compose/service.js';

const POSTGRES = new Set([
  ...['postgres', 'postgresql', 'postgresql-repmgr', 'pgvector', 'postgis', 'timescaledb', 'timescaledb-ha'],
  ...['pgvecto-rs', 'vchord-postgres', 'vchord-suite', 'paradedb', 'citus', 'age', 'pgautoupgrade'],
]);
const REDIS = new Set(['redis', 'valkey', 'redis-stack', 'redis-stack-server']);

/** Databases that have a backup procedure of their own, which this version does not do yet. */
const OTHER_DATABASES = new Map([
  ...named('MySQL', 'mysql', 'mysql-server'),
  ...named('MariaDB', 'mariadb', 'mariadb-galera'),
  ...named('Percona', 'percona', 'percona-server', 'percona-xtradb-cluster'),
  ...named('MongoDB', 'mongo', 'mongodb', 'mongodb-community-server', 'percona-server-mongodb'),
  ...named('ClickHouse', 'clickhouse', 'clickhouse-server'),
  ...named('Elasticsearch', 'elasticsearch'),
  ...named('OpenSearch', 'opensearch'),
  ...named('Neo4j', 'neo4j'),
  ...named('Milvus', 'milvus'),
  ...named('etcd', 'etcd'),
  ...named('MinIO', 'minio'),
  ...named('Cassandra', 'cassandra'),
  ...named('ScyllaDB', 'scylla'),
  ...named('CouchDB', 'couchdb'),
  ...named('Couchbase', 'couchbase'),
  ...named('InfluxDB', 'influxdb', 'influxdb3-core'),
  ...named('CockroachDB', 'cockroach'),
  ...named('RabbitMQ', 'rabbitmq'),
  ...named('Kafka', 'kafka', 'cp-kafka', 'redpanda'),
  ...named('Solr', 'solr'),
  ...named('KeyDB', 'keydb'),
  ...named('Dragonfly', 'dragonfly'),
  ...named('Oracle Database', 'oracle-free', 'oracle-xe'),
]);

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
];

function named(product: string, ...images: readonly string[]): [string, string][] {
  return images.map((image) => [image, product]);
}

/** Last part of an image's name: `docker.io/library/postgres:15-alpine@sha256:…` is `postgres`. */
export function imageName(image: string): string {
  const path = image.split('@')[0] ?? '';
  const last = path.split('/').at(-1) ?? '';
  return (last.split(':')[0] ?? '').toLowerCase();
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
  if (/(^|\/)mssql\/server\b/.test(service.image)) return 'SQL Server';
  if (/(^|\/)pingcap\/tidb\b/.test(service.image)) return 'TiDB';
  return OTHER_DATABASES.get(name) ?? byHome(service);
}

const byHome = (service: ComposeService): string | undefined =>
  HOMES.find(([folder]) =>
    service.mounts.some((mount) => !mount.readOnly && isIn(mount.target, folder)),
  )?.[1];

const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Whether a mount of a PostgreSQL or Redis service is where it keeps its data. */
export function holdsItsData(service: ComposeService, target: string): boolean {
  const own = ['PGDATA', 'POSTGRESQL_VOLUME_DIR'].flatMap((name) => valueIn(service, name) ?? []);
  if (productOf(service) === 'Redis' && isIn(target, '/data')) return true;
  return HOMES.some(([folder]) => isIn(target, folder)) || own.some((folder) => isIn(folder, target));
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
