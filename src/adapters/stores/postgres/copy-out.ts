import type { StoredStream } from '../../../contracts/stored/document.js';
import type { BackupWriter } from '../port.js';
import type { Access } from './access.js';
import { copyOut, type BigTable, type CopyStream } from './copy-plan.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import type { Session } from './session.js';
import type { Snapshot } from './snapshot.js';
import { lockTables } from './tables.js';

export interface CopyJob {
  readonly table: BigTable;
  readonly stream: CopyStream;
}

/** A session that copies big tables under the snapshot, one stream after another. */
export interface CopyWorker {
  copy(job: CopyJob, writer: BackupWriter): Promise<StoredStream>;
  close(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Opens a worker that holds its locks from the beginning. It stays for all its streams instead of one process each:
 * a process that came later would wait behind an ALTER TABLE that itself waits for our first session, which would wait
 * for that process: a circle the server cannot see. With all locks held before the first byte there is none to wait for.
 */
export async function openCopyWorker(
  access: Access,
  database: string,
  snapshot: Snapshot,
  tables: readonly BigTable[],
): Promise<CopyWorker> {
  const session = await access.session(database);
  try {
    await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await session.run(`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot.id)}`);
    const big = new Set(tables.map((table) => table.label));
    await lockTables(
      session,
      snapshot.tables.filter((table) => big.has(table.label)),
    );
    await useServerEncoding(session);
  } catch (error) {
    await session.end();
    throw error;
  }
  return {
    async copy({ table, stream }, writer) {
      const copying = session.copyOut(copyOut(table, stream));
      const stored = await writer.content(stream.stream, copying.bytes);
      return { ...stored, lines: copying.rows() };
    },
    close: () => session.close(),
    end: () => session.end(),
  };
}

/** No conversion on the way out: some encodings do not survive one there and back. */
async function useServerEncoding(session: Session): Promise<void> {
  const encoding = await session.json<string>(`SELECT to_jsonb(current_setting('server_encoding'))`);
  await session.run(`SET client_encoding TO ${quoteIdentifier(encoding)}`);
}
