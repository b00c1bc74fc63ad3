/**
 * Offered: with a way to dump them that people use, or in several places that must be of one moment, or with a stop that
 * others feel (a broker) or that takes a person to undo (Vault comes up sealed).
 */
const OFFERED: Readonly<Record<string, readonly string[]>> = {
  MySQL: ['mysql', 'mysql-server'],
  MariaDB: ['mariadb', 'mariadb-galera'],
  Percona: ['percona', 'percona-server', 'percona-xtradb-cluster'],
  MongoDB: ['mongo', 'mongodb', 'mongodb-community-server', 'mongodb-atlas-local', 'percona-server-mongodb'],
  'SQL Server': ['mssql/server', 'azure-sql-edge'],
  'Oracle Database': ['oracle-free', 'oracle-xe', 'database/free', 'database/express', 'database/enterprise'],
  Db2: ['db2'],
  Firebird: ['firebird'],
  CockroachDB: ['cockroach'],
  YugabyteDB: ['yugabyte'],
  TiDB: ['pingcap/tidb'],
  SingleStore: ['singlestoredb-dev'],
  Cassandra: ['cassandra'],
  ScyllaDB: ['scylla'],
  CouchDB: ['couchdb'],
  Couchbase: ['couchbase'],
  RavenDB: ['ravendb'],
  RethinkDB: ['rethinkdb'],
  Aerospike: ['aerospike-server'],
  Tarantool: ['tarantool'],
  FoundationDB: ['foundationdb'],
  ClickHouse: ['clickhouse', 'clickhouse-server'],
  InfluxDB: ['influxdb', 'influxdb3-core'],
  QuestDB: ['questdb'],
  VictoriaMetrics: ['victoria-metrics'],
  Elasticsearch: ['elasticsearch'],
  OpenSearch: ['opensearch'],
  Solr: ['solr'],
  Vespa: ['vespa'],
  Milvus: ['milvus'],
  Neo4j: ['neo4j'],
  ArangoDB: ['arangodb'],
  Dgraph: ['dgraph', 'dgraph/standalone'],
  Memgraph: ['memgraph', 'memgraph-mage', 'memgraph-platform'],
  FalkorDB: ['falkordb'],
  OrientDB: ['orientdb'],
  'Redis Cluster': ['redis-cluster', 'valkey-cluster'],
  KeyDB: ['keydb'],
  Dragonfly: ['dragonfly'],
  Kvrocks: ['kvrocks'],
  Garnet: ['microsoft/garnet'],
  RabbitMQ: ['rabbitmq'],
  Kafka: ['kafka', 'cp-kafka', 'redpanda'],
  Pulsar: ['pulsar', 'pulsar-all'],
  ActiveMQ: ['activemq-classic', 'activemq-artemis', 'activemq'],
  EMQX: ['emqx'],
  KurrentDB: ['kurrentdb', 'eventstore'],
  etcd: ['etcd'],
  ZooKeeper: ['zookeeper', 'cp-zookeeper'],
  Consul: ['consul'],
  Vault: ['vault', 'openbao'],
  MinIO: ['minio'],
  SeaweedFS: ['seaweedfs'],
  Garage: ['dxflrs/garage'],
  RustFS: ['rustfs'],
  OpenLDAP: ['openldap'],
};

/** Archived: all they know lies in one folder, and they come up with it by themselves. */
const ARCHIVED: Readonly<Record<string, readonly string[]>> = {
  Qdrant: ['qdrant'],
  Weaviate: ['weaviate'],
  Chroma: ['chroma'],
  Marqo: ['marqo'],
  Meilisearch: ['meilisearch'],
  Typesense: ['typesense'],
  ZincSearch: ['zincsearch', 'zinc'],
  'Manticore Search': ['manticore'],
  Quickwit: ['quickwit'],
  SurrealDB: ['surrealdb'],
  PocketBase: ['pocketbase'],
  rqlite: ['rqlite'],
  libSQL: ['libsql-server', 'sqld'],
  immudb: ['immudb'],
  NATS: ['nats', 'nats-streaming'],
  Mosquitto: ['eclipse-mosquitto', 'mosquitto'],
};

const byImage = (table: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(table).flatMap(([product, images]) =>
    images.map((image): [image: string, product: string] => [image, product]),
  );

/**
 * Data services without a store of their own, by the name of the image, or its last two parts where the last alone says too
 * little. Memcached is none: it keeps nothing over a restart.
 */
export const DATA_SERVICES: ReadonlyMap<string, string> = new Map([
  ...byImage(OFFERED),
  ...byImage(ARCHIVED),
]);

/** Whether volumes of a product are archived unless somebody takes them out; else they are only offered, as a comment. */
export const isArchived = (product: string): boolean => Object.hasOwn(ARCHIVED, product);
