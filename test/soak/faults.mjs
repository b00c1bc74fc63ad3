// Loaded before `steady worker` (NODE_OPTIONS=--import …): an interceptor round every activity that draws, for every
// attempt, whether a fault happens to it, and which. The worker kills itself; the others are made by the test, which reads
// what is asked for in `<STEADY_FAILPOINTS>/faults`.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { die, roundActivities } from '../crash/rig/round-activities.mjs';
import { generator } from './generator.mjs';

await roundActivities((folder, Context) => {
  const file = join(folder, 'faults');
  // Else a worker that killed itself would draw the same again.
  const before = existsSync(file) ? readFileSync(file, 'utf8').length : 0;
  const draw = generator(Number(process.env['STEADY_SOAK_SEED']) + before);
  const share = Number(process.env['STEADY_SOAK_SHARE']);

  return async function execute(input, next) {
    const { activityType: activity, attempt } = Context.current().info;
    const fault =
      draw() < share && !existsSync(join(folder, 'quiet'))
        ? ['worker', 'temporal', 'database', 'storage'][Math.floor(draw() * 4)]
        : undefined;
    appendFileSync(file, `${JSON.stringify({ activity, attempt, fault })}\n`);
    if (fault !== 'worker') return await next(input);
    if (draw() < 0.5) await next(input).catch(() => undefined);
    die();
  };
});
