import { formatProblems, StackFileError } from '../../src/config/problems.js';
import { parseStackText, type ParsedStack } from '../../src/config/parse-stack-text.js';

/** A valid stack file with something of everything, for tests that change a part of it. */
export const FULL_STACK = `version: 1
stack: personal-rag
timezone: UTC
runtime:
  compose: { files: [docker-compose.prod.yml], project: rag }
storage:
  main:
    directory: { path: /backups }
  encryption:
    age:
      recipients:
        - age1hhc7gdly74376ec040ne4r2qflnjy4ruf8wcxgzztgeh3d8l79ds7wxuzx
        - age1qjajc5f8kp8a7cljgcnn05rqck7x4s3vccs5twyk62h8f37hl9jqs9javr
      identity: { file: /etc/steady/proof.key }
stores:
  db:
    postgres: { service: postgres, database: rag, user: rag, password: { env: POSTGRES_PASSWORD } }
  cache:
    redis: { service: redis, password: { env: REDIS_PASSWORD } }
  uploads:
    files: { volume: rag_uploads }
services:
  api:
    needs: [db, cache, uploads, { name: llm, optional: true }]
    health: { http: { url: "http://localhost:8000/health", expect: { json: { status: healthy } } } }
  llm: {}
plans:
  nightly:
    schedule: "30 3 * * *"
    stores: [db, cache, uploads]
    keep: { within: 7d }
    verify: restored
checks:
  answers:
    sql: { store: db, query: "select 1", expect: "1" }
approvers:
  - { name: ana, key: "ed25519:JN99eQiewJu3gRSGMyB5iNAlUwGuofB6CagxgL5m18I", roles: [operator] }
  - { name: ben, key: "ed25519:_l5K8vN74BDpw8j9FRtlQf_ryqWVfvoawo5qM9IZx5U", roles: [operator, owner] }
approvals:
  restore: { from: operator }
`;

export const NOW = new Date('2026-11-22T12:00:00Z');

export function parse(text: string): ParsedStack {
  return parseStackText(text, 'steady.yaml', { now: NOW });
}

/** All problems of a text, as a person sees them; fails when it is valid. */
export function problemsOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof StackFileError) return formatProblems(error.problems);
    throw error;
  }
  throw new Error('no problem was found');
}

/** All warnings of a valid text. */
export function warningsOf(text: string): string {
  return formatProblems(parse(text).warnings);
}

/** The text with one part replaced, which must be there. */
export function withPart(part: string, replacement: string, text: string = FULL_STACK): string {
  if (!text.includes(part)) throw new Error(`the text has no part ${part}`);
  return text.replace(part, replacement);
}
