import { workflowInfo } from '@temporalio/workflow';
import type { FailureCode } from '../../contracts/failures.js';
import type { ImportedFile, ImportInput, ImportResult } from '../../contracts/runs/procedures.js';
import { fail, failureOf, isOwnCancellation } from '../shared/failures.js';
import { runProcedure, type Run } from '../shared/run.js';

/**
 * Makes backups of old dumps. It takes no lock: nothing live is touched, and what is stored is found by nobody before it
 * is sealed. All files are looked at; one that fails fails the run at its end.
 */
export async function importDumps(input: ImportInput): Promise<ImportResult> {
  const { snapshot, store, files } = input;
  const options = { procedure: 'import', limitSeconds: snapshot.stack.limits.run, record: true } as const;
  return await runProcedure(input, options, async (run) => {
    const opened = await run.step('Open storage', () => run.activities.look.openStack(snapshot));
    const imported: ImportedFile[] = [];
    const failures: { code: FailureCode; message: string }[] = [];
    for (const file of files) {
      try {
        imported.push(await importOne(run, { input, file, stackUuid: opened.uuid }));
      } catch (error) {
        if (isOwnCancellation(error) || files.length === 1) throw error;
        failures.push(failureOf(error));
      }
    }
    const [first] = failures;
    if (first === undefined) return { store, imported };
    const failed = failures.map((one) => one.message).join('; ');
    throw fail(first.code, { failed, imported: imported.length });
  });
}

async function importOne(
  run: Run,
  { input, file, stackUuid }: { input: ImportInput; file: string; stackUuid: string },
): Promise<ImportedFile> {
  const { snapshot, store, at, inside } = input;
  const of = { snapshot, store, file, ...(at !== undefined && { at }) };
  const found = await run.step(`Look at ${file}`, async (note) => {
    const dump = await run.activities.backup.inspectDump({ ...of, now: new Date().toISOString() });
    note(`${dump.format}, ${dump.rawBytes} bytes, data of ${dump.takenAt}, sha256 ${dump.sha256}`);
    return dump;
  });
  const { format, sha256, takenAt, timeFrom } = found;
  const result = { file, format, sha256, takenAt, timeFrom };
  const before = await run.step('Was it imported before?', async (note) => {
    const there = await run.activities.proof.findImported({ snapshot, store, sha256 });
    note(there === undefined ? 'no' : `as ${there.id}`);
    return there;
  });
  if (before) return { ...result, backupId: before.id, takenAt: before.takenAt, already: true };
  const dumped = await run.step(`Import ${file}`, async (note) => {
    const { workflowId, runId } = workflowInfo();
    const now = new Date().toISOString();
    const stored = await run.activities.backup.importDump({
      ...{ ...of, found, stackUuid, now, run: { workflowId, runId } },
      ...(inside !== undefined && { inside }),
    });
    note(`${stored.backupId}: ${stored.bytes} bytes stored of ${stored.rawBytes}`);
    stored.notes.forEach(note);
    return stored;
  });
  await run.step(`Seal ${dumped.backupId}`, () =>
    run.activities.look.seal({ snapshot, store, dumped, now: new Date().toISOString() }),
  );
  const { backupId, bytes, rawBytes } = dumped;
  return { ...result, backupId, bytes, rawBytes, already: false };
}
