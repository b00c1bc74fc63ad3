import { z } from 'zod';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import { readDetailOf } from '../read-detail.js';
import { versionOf, type RedisVersion } from './versions.js';

/** What a Redis manifest's `detail` holds; fields that a later version adds are let through. */
const detailSchema = z.looseObject({
  rdbVersion: z.number().int(),
  databases: z.number().int().positive(),
  modules: z.array(z.string()).default([]),
  factsBy: z.string().describe('product and major of the server that took the facts'),
  appendonly: z.boolean().optional(),
  dbfilename: z.string().optional(),
  appendfilename: z.string().optional(),
  appenddirname: z.string().optional(),
  users: z.array(z.string()).optional(),
});
export type RedisDetail = z.infer<typeof detailSchema>;

/** @throws `storage.damaged` when it is not the detail of a Redis backup. */
export const detailOf = (manifest: Pick<Manifest, 'detail' | 'id' | 'kind'>): RedisDetail =>
  readDetailOf('redis', detailSchema, manifest);

/** Bytes of the backup's RDB; all it holds when no stream is named so. */
export function rdbBytes({ streams, rawBytes }: Pick<Manifest, 'streams' | 'rawBytes'>): number {
  return streams.find((stream) => stream.name === 'rdb')?.rawBytes ?? rawBytes;
}

/** The server that wrote the backup. */
export function writerOf(manifest: Pick<Manifest, 'server'>): RedisVersion {
  return versionOf(manifest.server.product, manifest.server.version);
}
