// Loaded before `steady worker` (NODE_OPTIONS=--import …): an interceptor round every activity that kills the worker with
// -9 at the point written in `<STEADY_FAILPOINTS>/<activity>.json`, once. Nothing in src knows of it.
import { readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env['STEADY_FAILPOINTS'];
if (folder !== undefined && process.argv.includes('worker')) await wire(folder);

async function wire(folder) {
  const { default: sdk } = await import('@temporalio/worker');
  const { Context } = await import('@temporalio/activity');
  const create = sdk.Worker.create;
  sdk.Worker.create = (options) => {
    const { activity = [], ...others } = options.interceptors ?? {};
    const interceptors = { ...others, activity: [...activity, () => ({ inbound: { execute } })] };
    return create.call(sdk.Worker, options.activities ? { ...options, interceptors } : options);
  };

  async function execute(input, next) {
    const context = Context.current();
    const { activityType } = context.info;
    const point = armedFor(activityType);
    if (point?.phase === 'before') die(activityType);
    if (point?.phase === 'heartbeat') {
      const beat = context.heartbeat.bind(context);
      let beats = 0;
      context.heartbeat = (details) => {
        beat(details);
        if (++beats === point.beat) die(activityType);
      };
    }
    const result = await next(input);
    // One that ended before that heartbeat dies with its effect done, too.
    if (point !== undefined) die(activityType);
    return result;
  }

  function armedFor(activity) {
    try {
      return JSON.parse(readFileSync(fileOf(activity), 'utf8'));
    } catch {
      return undefined;
    }
  }

  /** Disarmed first, so that the next attempt lives. Nothing runs after the signal. */
  function die(activity) {
    try {
      unlinkSync(fileOf(activity));
    } catch {
      return; // another call of it died of this one
    }
    process.kill(process.pid, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }

  function fileOf(activity) {
    return join(folder, `${activity}.json`);
  }
}
