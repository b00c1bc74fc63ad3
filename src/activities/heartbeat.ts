import { Context } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { hasOwnBeat } from './call.js';
import { noteBegin } from './server-clock.js';

const BEAT_MS = 2000;

/**
 * A heartbeat for activities that tell no progress: without one, a step whose worker was killed would wait for its whole
 * time limit before another worker may take it.
 */
export function createHeartbeatInterceptor(): ActivityInboundCallsInterceptor {
  return {
    async execute(
      input: ActivityExecuteInput,
      next: Next<ActivityInboundCallsInterceptor, 'execute'>,
    ): Promise<unknown> {
      const context = Context.current();
      noteBegin(context);
      const timer = setInterval(() => {
        if (!hasOwnBeat(context)) context.heartbeat();
      }, BEAT_MS);
      try {
        return await next(input);
      } finally {
        clearInterval(timer);
      }
    },
  };
}
