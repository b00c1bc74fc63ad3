import { describe, expect, it } from 'vitest';
import { DATA_SERVICES } from '../../../src/cli/init/data-services.js';
import { init } from './init.js';

/** Images as compose files write them. */
const IMAGES = [
  ['qdrant/qdrant:v1.12.4', 'Qdrant'],
  ['cr.weaviate.io/semitechnologies/weaviate:1.28.2', 'Weaviate'],
  ['ghcr.io/chroma-core/chroma:0.6.3', 'Chroma'],
  ['getmeili/meilisearch:v1.12', 'Meilisearch'],
  ['typesense/typesense:27.1', 'Typesense'],
  ['nats:2-alpine', 'NATS'],
  ['surrealdb/surrealdb:v2', 'SurrealDB'],
  ['quay.io/coreos/etcd:v3.5.18', 'etcd'],
  ['minio/minio:RELEASE.2024-12-18T13-15-44Z', 'MinIO'],
  ['milvusdb/milvus:v2.5.4', 'Milvus'],
  ['neo4j:5.26-community', 'Neo4j'],
  ['cassandra:5', 'Cassandra'],
  ['influxdb:2.7', 'InfluxDB'],
  ['rabbitmq:4-management', 'RabbitMQ'],
  ['confluentinc/cp-kafka:7.8.0', 'Kafka'],
  ['couchdb:3', 'CouchDB'],
  ['opensearchproject/opensearch:2', 'OpenSearch'],
  ['solr:9', 'Solr'],
  ['mariadb:11', 'MariaDB'],
  ['cockroachdb/cockroach:v24.3.1', 'CockroachDB'],
  ['scylladb/scylla:6.2', 'ScyllaDB'],
  ['docker.dragonflydb.io/dragonflydb/dragonfly', 'Dragonfly'],
  ['eqalpha/keydb', 'KeyDB'],
  ['mcr.microsoft.com/mssql/server:2022-latest', 'SQL Server'],
  ['container-registry.oracle.com/database/free:23.5.0.0', 'Oracle Database'],
  ['pingcap/tidb:v8.5.0', 'TiDB'],
  ['hashicorp/vault:1.18', 'Vault'],
  ['REGISTRY.internal:5000/mirror/Qdrant@sha256:00', 'Qdrant'],
] as const;
const TABLE = [...DATA_SERVICES].map(([image, product]) => [`example/${image}:1`, product] as const);

const compose = (image: string, mount: string) => `name: shop
services:
  db: { image: postgres, volumes: ["pg:/var/lib/postgresql/data"] }
  other: { image: "${image}"${mount} }
volumes: { pg: {}, kept: {} }
`;
const commentsOf = (yaml: string): string[] =>
  yaml.split('\n').flatMap((line) => /^\s*# (.*)$/.exec(line)?.[1] ?? []);

describe.each([
  ['a volume', ', volumes: ["kept:/srv/kept"]'],
  ['a folder of the host', ', volumes: ["./kept/data:/srv/data"]'],
  ['a volume without a name', ', volumes: ["/srv/kept"]'],
  ['no volume', ''],
])('a data service with %s', (_, mount) => {
  it.each([...IMAGES, ...TABLE])('%s is named on the screen and in the file: %s', (image, product) => {
    const { notes, yaml, stack } = init(compose(image, mount));
    const said = notes.filter((line) => line.startsWith('other: ') && line.includes(product));
    expect(said).toHaveLength(1);
    const isStopped = Object.values(stack.stores).some(({ files }) => files !== undefined);
    expect(said[0]).toMatch(
      isStopped ? /; it is stopped and archived every night/ : /, so it is not backed up/,
    );
    expect(commentsOf(yaml).filter((line) => /\bother\b/.test(line) && line.includes(product))).toHaveLength(
      1,
    );
  });
});

it.each([
  ['qdrant/qdrant', './vectors:/qdrant/storage'],
  ['built/here', './vectors:/qdrant/storage'],
  ['chromadb/chroma', './vectors:/chroma/chroma'],
])('of %s with %s: the folder of the host is offered as a comment', (image, mount) => {
  const { notes, yaml, stack } = init(compose(image, `, volumes: ["${mount}"]`));
  expect(Object.keys(stack.stores)).toEqual(['db']);
  expect(notes[0]).toMatch(/^other: (Qdrant|Chroma) has no store .* comment in the file: store vectors, /);
  expect(yaml).toContain('  # vectors:\n  #   files: { path: /srv/RAG_Personal/vectors }');
});

it('tools of a data service, and a cache that keeps nothing, are none', () => {
  const { notes } = init(`services:
  db: { image: postgres }
  a: { image: prom/memcached-exporter }
  b: { image: memcached }
  c: { image: natsio/nats-box }
  d: { image: minio/mc }
  e: { image: ollama/ollama }
`);
  expect(notes.filter((line) => line.includes('no store'))).toEqual([]);
});
