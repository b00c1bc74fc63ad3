import type { WorkflowHandle } from '@temporalio/client';
import { servicesRequest, type ServicesInput } from '../../contracts/runs/services.js';
import type { RunInput } from '../../contracts/runs/snapshot.js';
import { startAsked, type Asking } from './asking.js';

export type ServicesAsked = Omit<ServicesInput, keyof RunInput | 'token'>;

/** Starts a restart, a stop or a start of services. */
export const startServices = async (asking: Asking, asked: ServicesAsked): Promise<WorkflowHandle> =>
  await startAsked(asking, {
    procedure: asked.verb,
    asked,
    toSign: servicesRequest,
    policy: 'services',
    targets: asked.services,
  });
