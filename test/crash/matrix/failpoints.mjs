// Loaded before `steady worker` (NODE_OPTIONS=--import …): an interceptor round every activity that lets the fault written in
// `<STEADY_FAILPOINTS>/<activity>.json` happen, once: the worker or Temporal killed with -9, or the connection to storage
// cut.
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { die, roundActivities } from '../rig/round-activities.mjs';

await roundActivities((folder, Context) => {
  async function execute(input, next) {
    const context = Context.current();
    const { activityType, workflowType } = context.info;
    const armed = armedFor(activityType);
    const point = armed?.workflows.includes(workflowType) ? armed : undefined;
    if (point?.phase === 'before') happen(point);
    if (point?.phase === 'heartbeat') {
      const beat = context.heartbeat.bind(context);
      let beats = 0;
      context.heartbeat = (details) => {
        beat(details);
        if (++beats === point.beat) happen(point);
      };
    }
    const result = await next(input);
    // One that ended before that heartbeat meets it with its effect done, too.
    if (point !== undefined) happen(point);
    return result;
  }

  function armedFor(activity) {
    try {
      return JSON.parse(readFileSync(fileOf(activity), 'utf8'));
    } catch {
      return undefined;
    }
  }

  /** Disarmed first, so that the next attempt lives. */
  function happen({ activity, victim, cut }) {
    try {
      unlinkSync(fileOf(activity));
    } catch {
      return; // it has happened, here or to another call of the activity
    }
    if (victim === 'storage') return writeFileSync(join(folder, '..', 'cut'), cut);
    if (victim === 'temporal') return killTemporal();
    die();
  }

  function killTemporal() {
    const { temporalPid } = JSON.parse(readFileSync(join(folder, '..', '.steady', 'up.json'), 'utf8'));
    process.kill(temporalPid, 'SIGKILL');
  }

  function fileOf(activity) {
    return join(folder, `${activity}.json`);
  }
  return execute;
});
