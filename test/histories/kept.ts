import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** Where histories are kept: `<workflow type>.<what happened>.json.gz`. */
export const KEPT = join(dirname(fileURLToPath(import.meta.url)), 'kept');

interface Event {
  readonly workflowExecutionStartedEventAttributes?: {
    readonly workflowType: { readonly name: string };
    readonly workflowId: string;
  };
}

/** A history as `temporal workflow show --output json` and the SDK write it. */
export interface KeptHistory {
  readonly file: string;
  /** Type and id of the run, from its first event. */
  readonly type: string;
  readonly workflowId: string;
  readonly history: { readonly events: readonly Event[] };
}

export async function keptHistories(): Promise<KeptHistory[]> {
  const files = (await readdir(KEPT)).filter((name) => name.endsWith('.json.gz')).sort();
  return await Promise.all(
    files.map(async (file) => {
      const text = gunzipSync(await readFile(join(KEPT, file))).toString();
      const history = JSON.parse(text) as KeptHistory['history'];
      const started = history.events[0]?.workflowExecutionStartedEventAttributes;
      if (started === undefined) throw new Error(`${file} does not begin with the start of a run`);
      return { file, type: started.workflowType.name, workflowId: started.workflowId, history };
    }),
  );
}
