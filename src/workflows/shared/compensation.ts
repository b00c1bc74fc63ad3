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
   * The store whose live data it puts back, asked when it fails: nothing that comes at last is done then, for services
   * must not write to what is neither. Undefined where the live data were not touched.
   */
  readonly data?: (() => string | undefined) | undefined;
}

/** Stores whose data could not be put back, and why. */
export type DataLeft = Readonly<Record<string, string>>;

export interface Left {
  /** Titles of what could not be undone. */
  readonly all: readonly string[];
  readonly data: DataLeft;
}

type StepOf = (title: string, body: (note: (line: string) => void) => Promise<void>) => Promise<void>;

/**
 * Runs compensations in reverse order, each as a step: a failure is reported there, and the others still run. Gives what
 * could not be put back.
 */
export async function compensate(compensations: readonly Compensation[], step: StepOf): Promise<Left> {
  const left: string[] = [];
  const data: Record<string, string> = {};
  for (const { title, body, order } of inOrder(compensations)) {
    const undo = async (note: (line: string) => void): Promise<void> => {
      const [because] = Object.values(data);
      if (order.atLast && because !== undefined) throw fail('run.left', { because });
      const found = await body();
      if (Array.isArray(found)) for (const line of found) note(String(line));
    };
    await step(`Undo: ${title}`, undo).catch((error: unknown) => {
      left.push(title);
      const store = order.data?.();
      if (store !== undefined) data[store] = `${title}: ${failureOf(error).message}`;
    });
  }
  return { all: left, data };
}

function inOrder(compensations: readonly Compensation[]): Compensation[] {
  const reversed = [...compensations].reverse();
  return [...reversed.filter((one) => !one.order.atLast), ...reversed.filter((one) => one.order.atLast)];
}
