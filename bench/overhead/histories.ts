import { Client, Connection } from '@temporalio/client';

/** One activity of a run. */
export interface Call {
  readonly name: string;
  /** Milliseconds in which it did its work. */
  readonly ran: number;
  /** Milliseconds from being asked for to its beginning, and from its end until the workflow had gone on. */
  readonly around: number;
}

export interface HistoryCost {
  readonly events: number;
  readonly bytes: number;
}

export interface RunCost extends HistoryCost {
  /** Seconds from the run's start to its end. */
  readonly seconds: number;
  readonly calls: readonly Call[];
}

/** Looks into what Temporal has written down. */
export async function openHistories(address: string) {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const cost = async (workflowId: string): Promise<HistoryCost> => {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    const info = raw.workflowExecutionInfo;
    return { events: Number(info?.historyLength ?? 0), bytes: Number(info?.historySizeBytes ?? 0) };
  };
  return {
    /** A run together with the children it has started and waited for. */
    async run(workflowId: string): Promise<RunCost> {
      const events = (await client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
      const own = await cost(workflowId);
      const children = await Promise.all(
        events.flatMap(({ childWorkflowExecutionStartedEventAttributes: child }) =>
          child?.workflowExecution?.workflowId ? [this.run(child.workflowExecution.workflowId)] : [],
        ),
      );
      const sum = (pick: (one: HistoryCost) => number): number =>
        [own, ...children].reduce((total, one) => total + pick(one), 0);
      return {
        events: sum((one) => one.events),
        bytes: sum((one) => one.bytes),
        seconds: (timeOf(events.at(-1)) - timeOf(events[0])) / 1000,
        calls: [...callsOf(events), ...children.flatMap((one) => one.calls)],
      };
    },
    /** What the entities hold together, each in its present run. */
    async entities(ids: readonly string[]): Promise<HistoryCost> {
      const all = await Promise.all(ids.map(cost));
      return {
        events: all.reduce((sum, one) => sum + one.events, 0),
        bytes: all.reduce((sum, one) => sum + one.bytes, 0),
      };
    },
    close: () => connection.close(),
  };
}

type Events = NonNullable<
  Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>['events']
>;

function callsOf(events: Events): Call[] {
  const scheduled = new Map<string, { name: string; at: number }>();
  const started = new Map<string, number>();
  const calls: Call[] = [];
  for (const [index, event] of events.entries()) {
    const asked = event.activityTaskScheduledEventAttributes;
    if (asked)
      scheduled.set(String(event.eventId), { name: asked.activityType?.name ?? '', at: timeOf(event) });
    const begun = event.activityTaskStartedEventAttributes;
    if (begun) started.set(String(begun.scheduledEventId), timeOf(event));
    const done = event.activityTaskCompletedEventAttributes;
    const of = scheduled.get(String(done?.scheduledEventId));
    const from = started.get(String(done?.scheduledEventId));
    if (of === undefined || from === undefined) continue;
    const ended = timeOf(event);
    const wentOn = events.slice(index).find((later) => later.workflowTaskCompletedEventAttributes);
    calls.push({
      name: of.name,
      ran: ended - from,
      around: from - of.at + (wentOn === undefined ? 0 : timeOf(wentOn) - ended),
    });
  }
  return calls;
}

function timeOf(event: Events[number] | undefined): number {
  const time = event?.eventTime;
  return Number(time?.seconds ?? 0) * 1000 + Number(time?.nanos ?? 0) / 1e6;
}
