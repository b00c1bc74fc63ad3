import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../../../pipelines/run-tool.js';
import type { BackupReader } from '../port.js';
import { withScratchFolder } from '../scratch-folder.js';
import type { Access } from './access.js';
import { conninfo } from './quote.js';
import { leaveOut, LOADING, needsScript, restoreSection, type Target } from './restore-section.js';

/** Longest time for all indexes and constraints, in seconds; the run's own limit usually comes first. */
const BUILD_SECONDS = 24 * 3600;

/**
 * Builds indexes and constraints, `jobs` at a time. pg_restore does that only from a file it can seek in; this section
 * holds statements and no rows, so it is brought whole and handed over as a private file. In a container there is no
 * such file, and a script runs line by line: there they are built one after another.
 */
export async function restorePostData(access: Access, target: Target, reader: BackupReader): Promise<void> {
  if (needsScript(access)) return restoreSection(access, target, 'post-data', reader);
  const { database } = target;
  const { config } = access.options;
  const { call } = access;
  const chunks: Buffer[] = [];
  for await (const chunk of reader.open('post-data')) chunks.push(chunk);
  const archive = Buffer.concat(chunks);

  const env = { PGOPTIONS: LOADING };
  const args = ['--exit-on-error', '--no-password', ...leaveOut(target), '-d', conninfo(database)];
  const limits = { signal: call.signal, limitSeconds: BUILD_SECONDS };
  if (config.jobs === 1 || config.service !== undefined) {
    await runTool(access.tool('pg_restore', args, { database, env }), { ...limits, input: archive });
    return;
  }
  await withScratchFolder('postgres', call, async (folder) => {
    const file = join(folder, 'post-data');
    await writeFile(file, archive, { mode: 0o600 });
    const jobs = `--jobs=${config.jobs}`;
    await runTool(access.tool('pg_restore', [...args, jobs, file], { database, env }), limits);
  });
}
