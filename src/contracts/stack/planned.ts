import { scheduleId } from '../ids.js';
import { proofSchedule } from './plans.js';
import { canOpenBackups, type Stack } from './stack.js';

/** A run that the clock is to start. */
export interface Planned {
  /** Of its Schedule. */
  readonly id: string;
  readonly procedure: 'backup' | 'verify' | 'sweep';
  /** Name of its plan; the sweep has none. */
  readonly plan: string;
  readonly cron: string;
  /** It begins within this time after its schedule, in seconds. */
  readonly jitter: number;
  /** A run missed while all was down is made up within this time, in seconds. */
  readonly catchup: number;
}

/** Between the hours that daylight saving skips or repeats and the working day. */
const SWEEP = { cron: '45 4 * * *', jitter: 0, catchup: 12 * 3600, plan: 'daily' } as const;

/** What the clock is to start for a stack. */
export function plannedRuns(stack: Stack): Planned[] {
  const at = (procedure: Planned['procedure'], of: Omit<Planned, 'id' | 'procedure'>): Planned => ({
    ...of,
    id: scheduleId(procedure, stack.stack, of.plan),
    procedure,
  });
  const plans = Object.entries(stack.plans).flatMap(([name, plan]) => {
    const proof = canOpenBackups(stack) ? proofSchedule(plan) : undefined;
    const common = { plan: name, jitter: plan.jitter, catchup: plan.catchup };
    return [
      at('backup', { ...common, cron: plan.schedule }),
      ...(proof === undefined ? [] : [at('verify', { ...common, cron: proof })]),
    ];
  });
  return [...plans, at('sweep', SWEEP)];
}
