// For what is loaded before `steady worker` (NODE_OPTIONS=--import …): puts an interceptor round every activity of it.
// Nothing in src knows of it.

/** @param make gives `execute(input, next)` from the folder that STEADY_FAILPOINTS names and the SDK's Context. */
export async function roundActivities(make) {
  const folder = process.env['STEADY_FAILPOINTS'];
  if (folder === undefined || !process.argv.includes('worker')) return;
  const { default: sdk } = await import('@temporalio/worker');
  const { Context } = await import('@temporalio/activity');
  const execute = make(folder, Context);
  const create = sdk.Worker.create;
  sdk.Worker.create = (options) => {
    const { activity = [], ...others } = options.interceptors ?? {};
    const interceptors = { ...others, activity: [...activity, () => ({ inbound: { execute } })] };
    return create.call(sdk.Worker, options.activities ? { ...options, interceptors } : options);
  };
}

/** Kills this worker as nothing else would: no handler, no answer. */
export function die() {
  process.kill(process.pid, 'SIGKILL');
  // Nothing runs after the signal.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
