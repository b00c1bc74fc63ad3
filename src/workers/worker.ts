import type { PayloadCodec } from '@temporalio/common';
import { fileURLToPath } from 'node:url';
import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities/index.js';
import { createFailureInterceptor } from '../activities/failures.js';
import { createHeartbeatInterceptor } from '../activities/heartbeat.js';
import type { Ports } from '../activities/ports.js';
import { ROLES, taskQueue, WORKFLOW_TASK_QUEUE, type Role } from '../contracts/names.js';

export interface StartWorkersOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** Left out: payloads are not encrypted. */
  readonly codec?: PayloadCodec | undefined;
  readonly site: string;
  readonly roles: readonly Role[];
  readonly ports: Ports;
  /** Where the workflow code comes from: the prebuilt bundle, or a path to bundle at start. */
  readonly workflows: Pick<WorkerOptions, 'workflowBundle'> | Pick<WorkerOptions, 'workflowsPath'>;
}

/** The bundle made by the build, beside this file. */
export const BUNDLE_PATH = fileURLToPath(new URL('./workflows.bundle.js', import.meta.url));

/**
 * A worker for workflows and one per role. A worker that dies is noticed soon: sticky queues give up after a second,
 * so that a restarted one goes on at once.
 */
export async function createWorkers(options: StartWorkersOptions): Promise<Worker[]> {
  const { connection, namespace } = options;
  const dataConverter = { payloadCodecs: options.codec ? [options.codec] : [] };
  const common = { connection, namespace, dataConverter, shutdownGraceTime: '2s' } as const;
  const activities = createActivities(options.ports, options.roles);
  const workflows = Worker.create({
    ...common,
    ...options.workflows,
    taskQueue: WORKFLOW_TASK_QUEUE,
    stickyQueueScheduleToStartTimeout: '1s',
    maxCachedWorkflows: 200,
  });
  const roles = options.roles.map((role) =>
    Worker.create({
      ...common,
      taskQueue: taskQueue(options.site, role),
      activities: activities[role],
      maxConcurrentActivityTaskExecutions: role === 'quick' || role === 'proof' ? 50 : 20,
      maxHeartbeatThrottleInterval: '2s',
      defaultHeartbeatThrottleInterval: '2s',
      interceptors: {
        activity: [
          () => ({ inbound: createFailureInterceptor() }),
          () => ({ inbound: createHeartbeatInterceptor() }),
        ],
      },
    }),
  );
  return await Promise.all([workflows, ...roles]);
}

export const ALL_ROLES: readonly Role[] = ROLES;
