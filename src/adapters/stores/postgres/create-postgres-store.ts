import { recogniseDump } from '../dump-format.js';
import type { StorePort } from '../port.js';
import { namingNoRoom } from '../room.js';
import type { StoreOptions } from './access.js';
import { ask } from './ask.js';
import { check } from './check.js';
import { compare } from './compare.js';
import { cutover } from './cutover.js';
import { dump } from './dump.js';
import { escape } from './escape.js';
import { gatherFacts } from './gather-facts.js';
import { importDump } from './import-dump.js';
import { load } from './load.js';
import { preview } from './preview.js';
import { readable } from './readable.js';
import { openScratch } from './scratch.js';
import { kept, release } from './release.js';
import { undo } from './undo.js';

/**
 * A PostgreSQL database as a store: logical backups by the vendor's own tools, restores beside the live database with a
 * cut-over by renaming.
 */
export function createPostgresStore(options: StoreOptions): StorePort {
  return namingNoRoom({
    kind: 'postgres',
    facts: (call, how) => gatherFacts(options, call, how),
    check: (call) => check(options, call),
    ask: (call, question) => ask(options, call, question),
    dump: (call, writer) => dump(options, call, writer),
    recognise: (look) => recogniseDump('postgres', look),
    importDump: (call, writer, file) => importDump(options, call, writer, file),
    escape,
    readable: (call, reader) => readable(options, call, reader),
    preview: (call, manifest, place) => preview(options, call, manifest, place),
    load: (call, reader, place) => load(options, call, reader, place),
    compare: (call, manifest, place) => compare(options, call, manifest, place),
    cutover: (call, place) => cutover(options, call, place),
    undo: (call, place, given) => undo(options, call, place, given),
    kept: (call, place) => kept(options, call, place),
    release: (call, place) => release(options, call, place),
    scratch: (call, manifest, folder) =>
      openScratch(options, call, { manifest, folder, create: createPostgresStore }),
  });
}
