import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import { CONTROL_SIGNAL, type Control } from '../../contracts/runs/control.js';
import { stopWhenCancelled, type Run } from '../shared/run.js';

const controlSignal = defineSignal<[Control]>(CONTROL_SIGNAL);

/** Asked between two changes: waits while a person has it paused. */
export type Checkpoint = () => Promise<void>;

/**
 * Lets people pause and resume a run, and notes who has aborted it: that is cancelled besides, at any moment. What is
 * being done when it is paused is done first: a new instance that is awaited still becomes healthy or does not.
 */
export function createControl(run: Run): Checkpoint {
  let paused: Control | undefined;
  setHandler(controlSignal, async (control) => {
    const { what, by, reason } = control;
    if (what !== 'abort') paused = what === 'pause' ? control : undefined;
    else
      await run
        .step(`Abort, as ${by} has said`, (note) => {
          if (reason !== '') note(reason);
          return Promise.resolve();
        })
        .catch(() => undefined);
  });
  return async () => {
    stopWhenCancelled();
    if (paused === undefined) return;
    const { by, reason } = paused;
    await run.step(`Wait, as ${by} has paused it`, async (note) => {
      if (reason !== '') note(reason);
      await condition(() => paused === undefined);
    });
  };
}
