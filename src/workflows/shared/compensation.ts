import { fail, failureOf } from './failures.js';

export interface Compensation {
  readonly title: string;
  /** Lines it gives are findings worth keeping. */
  readonly body: () => Promise<unknown>;
  readonly order: CompensationOrder;
}

export interface CompensationOrder {
  /** After all others (still in reverse order): services start only when the data are as they were. */
  readonly atLast?: boolean | undefined;
  /**
   * Whether it puts live data back, asked when it fails: nothing that comes at last is done then, for services must not
   * write to what is neither.
   */
  readonly data?: (() => boolean) | undefined;
}

export interface Left {
  /** Titles of what could not be undone. */
  readonly all: readonly string[];
  /** Why data could not be put back; left out where they were. */
  readonly data?: string | undefined;
}

type StepOf = (title: string, body: (note: (line: string) => void) => Promise<void>) => Promise<void>;

/**
 * Runs compensations in reverse order, each as a step: a failure is reported there, and the others still run. Gives what
 * could not be put back.
 */
export async function compensate(compensations: readonly Compensation[], step: StepOf): Promise<Left> {
  const left: string[] = [];
  let dataLeft: string | undefined;
  for (const { title, body, order } of inOrder(compensations)) {
    const undo = async (note: (line: string) => void): Promise<void> => {
      if (order.atLast && dataLeft !== undefined) throw fail('run.left', { because: dataLeft });
      const found = await body();
      if (Array.isArray(found)) for (const line of found) note(String(line));
    };
    await step(`Undo: ${title}`, undo).catch((error: unknown) => {
      left.push(title);
      if (order.data?.()) dataLeft ??= `${title}: ${failureOf(error).message}`;
    });
  }
  return { all: left, data: dataLeft };
}

function inOrder(compensations: readonly Compensation[]): Compensation[] {
  const reversed = [...compensations].reverse();
  return [...reversed.filter((one) => !one.order.atLast), ...reversed.filter((one) => one.order.atLast)];
}
