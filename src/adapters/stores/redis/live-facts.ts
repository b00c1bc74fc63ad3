import type { LiveFacts } from '../port.js';
import { infoFields, keyspaceOf } from './info.js';
import { keyCounts } from './loaded-facts.js';
import type { ServerInfo } from './versions.js';

/** What a running server tells of itself: version, memory of its data in bytes, keys by database. */
export function liveFactsOf(server: ServerInfo & { readonly info: string }): LiveFacts {
  const bytes = Number(infoFields(server.info).get('used_memory'));
  return {
    product: server.product,
    version: server.version,
    major: server.major,
    bytes: Number.isFinite(bytes) ? bytes : undefined,
    facts: { ...keyCounts(keyspaceOf(server.info)), digests: {}, names: {} },
  };
}
