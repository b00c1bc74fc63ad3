import type { ComposeService } from './compose-services.js';

const POSTGRES = new Set(['postgres', 'postgresql', 'pgvector', 'postgis', 'timescaledb', 'timescaledb-ha']);
const REDIS = new Set(['redis', 'valkey', 'redis-stack', 'redis-stack-server']);

/** Databases that have a backup procedure of their own, which this version does not do yet. */
const OTHER_DATABASES = new Map([
  ['mysql', 'MySQL'],
  ['mariadb', 'MariaDB'],
  ['percona', 'Percona'],
  ['mongo', 'MongoDB'],
  ['mongodb', 'MongoDB'],
  ['clickhouse', 'ClickHouse'],
  ['clickhouse-server', 'ClickHouse'],
  ['elasticsearch', 'Elasticsearch'],
  ['opensearch', 'OpenSearch'],
  ['neo4j', 'Neo4j'],
  ['milvus', 'Milvus'],
  ['etcd', 'etcd'],
  ['minio', 'MinIO'],
  ['cassandra', 'Cassandra'],
  ['scylla', 'ScyllaDB'],
  ['couchdb', 'CouchDB'],
  ['influxdb', 'InfluxDB'],
  ['cockroach', 'CockroachDB'],
  ['rabbitmq', 'RabbitMQ'],
  ['kafka', 'Kafka'],
]);

/** Last part of an image's name: `docker.io/library/postgres:15-alpine@sha256:…` is `postgres`. */
export function imageName(image: string): string {
  const path = image.split('@')[0] ?? '';
  const last = path.split('/').at(-1) ?? '';
  return (last.split(':')[0] ?? '').toLowerCase();
}

/** What a service is, by its image; a job that only uses the image's client tools is none. */
export function storeKind(service: ComposeService): 'postgres' | 'redis' | undefined {
  if (looksLikeBackup(service) || service.profiles.length > 0) return undefined;
  const commands = service.commands.join(' ');
  const name = imageName(service.image);
  if (POSTGRES.has(name))
    return /\b(pg_dump|pg_restore|psql|pg_basebackup)\b/.test(commands) ? undefined : 'postgres';
  if (!REDIS.has(name)) return undefined;
  return /\bredis-cli\b|--sentinel\b/.test(commands) && !/redis-server/.test(commands) ? undefined : 'redis';
}

/** Name of a database this version has no store for. */
export function otherDatabase(service: ComposeService): string | undefined {
  if (/(^|\/)mssql\/server\b/.test(service.image)) return 'SQL Server';
  return OTHER_DATABASES.get(imageName(service.image));
}

/** A job that makes backups beside ours. */
export function looksLikeBackup(service: ComposeService): boolean {
  return /backup/i.test(service.name) || /backup/i.test(imageName(service.image));
}
