import { Context } from '@temporalio/activity';

const begun = new WeakMap<Context, number>();

/** Called when an activity begins: from then on its own seconds are counted, which no clock of a machine moves. */
export function noteBegin(context: Context): void {
  begun.set(context, performance.now());
}

/**
 * Now by the clock of Temporal, for whatever outlives the run: moments of data, ends of locks, what is due. The clock of
 * a worker may be hours off. Late by as long as the activity waited for its worker; outside of one it is this machine's.
 */
export function serverNow(): Date {
  const context = activityHere();
  const from = context && begun.get(context);
  if (context === undefined || from === undefined) return new Date();
  return new Date(context.info.currentAttemptScheduledTimestampMs + performance.now() - from);
}

function activityHere(): Context | undefined {
  try {
    return Context.current();
  } catch {
    return undefined;
  }
}
