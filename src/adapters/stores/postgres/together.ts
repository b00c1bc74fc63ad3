/**
 * Runs all at once. When one fails, `stop` is called so that the others end too; all are waited for, since nothing may
 * go on behind a failure that was told. Throws what failed first: the others only follow from it.
 */
export async function together(
  tasks: readonly (() => Promise<void>)[],
  stop: () => Promise<unknown>,
): Promise<void> {
  let first: { error: unknown } | undefined;
  await Promise.all(
    tasks.map(async (task) => {
      try {
        await task();
      } catch (error) {
        if (first) return;
        first = { error };
        await stop().catch(() => undefined);
      }
    }),
  );
  if (first) throw first.error;
}

/** Tasks that take the next item of one queue until it is empty, or until one has failed. */
export function lanes<T>(
  count: number,
  items: readonly T[],
  each: (item: T, lane: number) => Promise<void>,
): (() => Promise<void>)[] {
  const queue = [...items];
  return Array.from({ length: count }, (_, lane) => async () => {
    try {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await each(item, lane);
    } catch (error) {
      queue.length = 0;
      throw error;
    }
  });
}

/** A point that others wait for. */
export function milestone(): { readonly reached: Promise<void>; reach(): void } {
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  return { reached, reach: () => reach() };
}
