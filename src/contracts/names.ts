import { z } from 'zod';

/** Names of stacks, stores, plans, services and sites: they become parts of keys and workflow ids. */
export const NAME_PATTERN = /^[a-z0-9-]{1,40}$/;

export const nameSchema = z
  .string()
  .regex(NAME_PATTERN, 'must be 1 to 40 of a-z, 0-9 and - (it becomes part of keys and workflow ids)');

/** What a worker may do. One worker serves all roles by default; each role has its own task queue. */
export const ROLES = ['backup', 'proof', 'keeper', 'change', 'quick'] as const;
export type Role = (typeof ROLES)[number];

/** Depths of a proof, weakest first. `stored` alone never makes a backup verified. */
export const DEPTHS = ['stored', 'readable', 'restored'] as const;
export type Depth = (typeof DEPTHS)[number];

/** Task queue of all workflows. */
export const WORKFLOW_TASK_QUEUE = 'steady';

/** Task queue of one role at one site, for instance `steady.main.backup`. */
export function taskQueue(site: string, role: Role): string {
  return `${WORKFLOW_TASK_QUEUE}.${site}.${role}`;
}

/** Custom search attributes, all of type Keyword. */
export const SEARCH_ATTRIBUTES = [
  'SteadyStack',
  'SteadyTarget',
  'SteadyProcedure',
  'SteadyAwaiting',
  'SteadyOutcome',
] as const;
export type SearchAttributeName = (typeof SEARCH_ATTRIBUTES)[number];
