import { randomBytes } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { StoreCall } from '../adapters/stores/port.js';
import { digestOf } from '../contracts/canonical.js';
import type { ActivityProgress } from '../contracts/runs/timeline.js';
import type { StreamProgress } from '../pipelines/tool.js';
import { serverNow } from './server-clock.js';

/** A running activity as the adapters see it, and what it tells while it runs. */
export interface ActivityCall extends StoreCall {
  /** Sums streams for the heartbeat. */
  readonly onStream: (progress: StreamProgress) => void;
  /** Expected bytes before compression, for the time left. */
  readonly expect: (totalBytes: number | undefined) => void;
}

const BEAT_MS = 500;
/** Activities that beat by themselves, with progress. */
const beating = new WeakSet<Context>();

/** Whether the activity's own heartbeat is on. */
export const hasOwnBeat = (context: Context): boolean => beating.has(context);

/**
 * Runs an activity's body with a heartbeat that carries progress. Cancellation reaches the body through
 * `call.signal`, by way of the heartbeat's answer.
 */
export async function withCall<T>(
  what: { readonly title: string; readonly store?: string },
  body: (call: ActivityCall) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const { workflowExecution, activityType, attempt } = context.info;
  // Short, because it becomes PostgreSQL's application_name (63 bytes); the same for all attempts of this step.
  const markerPrefix = `steady-${digestOf([workflowExecution, activityType, what.title]).slice(0, 16)}-`;
  const streams = new Map<string, StreamProgress>();
  const startedAt = new Date().toISOString();
  let totalBytes: number | undefined;
  let line: string | undefined;
  const beat = (): void => {
    let bytes = 0;
    let storedBytes = 0;
    for (const one of streams.values()) {
      bytes += one.rawBytes;
      storedBytes += one.storedBytes;
    }
    const progress: ActivityProgress = {
      ...what,
      bytes,
      storedBytes,
      startedAt,
      ...(totalBytes !== undefined && { totalBytes }),
      ...(line !== undefined && { line }),
    };
    context.heartbeat(progress);
  };
  const timer = setInterval(beat, BEAT_MS);
  beating.add(context);
  beat();
  try {
    return await body({
      signal: context.cancellationSignal,
      now: serverNow,
      markerPrefix,
      marker: `${markerPrefix}${attempt}-${randomBytes(3).toString('hex')}`,
      say: (text) => {
        line = text;
        context.log.info(text, what);
      },
      onStream: (progress) => streams.set(progress.stream, progress),
      expect: (bytes) => {
        totalBytes = bytes;
      },
    });
  } finally {
    clearInterval(timer);
    beating.delete(context);
  }
}
