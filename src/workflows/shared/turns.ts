import { condition } from '@temporalio/workflow';

/** Lets at most `many` bodies run at a time, in the order they were given. */
export function createTurns(many: number): <T>(body: () => Promise<T>) => Promise<T> {
  let running = 0;
  let given = 0;
  let begun = 0;
  return async (body) => {
    const turn = given++;
    await condition(() => running < many && begun === turn);
    begun++;
    running++;
    try {
      return await body();
    } finally {
      running--;
    }
  };
}
