import { CronExpressionParser } from 'cron-parser';

/** A schedule as sets of matching numbers; days of the week from 0 (Sunday) to 6. */
export interface Cron {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly daysOfWeek: ReadonlySet<number>;
  /** Whether days of the month and of the week are both restricted: Temporal demands both, classic cron either. */
  readonly bothDays: boolean;
}

const FIELDS = ['minute', 'hour', 'day of month', 'month', 'day of week'] as const;

/** Longest month, to find dates such as 30 February that never come. */
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Reads cron with five fields, in the part of the language that Temporal's schedules share with classic cron: numbers,
 * names, `*`, lists, ranges and steps.
 */
export function parseCron(text: string): Cron | { readonly error: string } {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) {
    return {
      error: `a schedule has 5 fields (${FIELDS.join(', ')}), not ${parts[0] === '' ? 0 : parts.length}`,
    };
  }
  for (const [index, part] of parts.entries()) {
    const names = index >= 3 ? 'a-z' : '';
    if (!new RegExp(`^[0-9*/,${names}-]+$`, 'i').test(part))
      return { error: `not a ${FIELDS[index]}: ${part}` };
  }
  try {
    const { fields } = CronExpressionParser.parse(text.trim(), { tz: 'UTC' });
    const numbers = (values: readonly (number | string)[]) => new Set(values.map(Number));
    const cron: Cron = {
      minutes: numbers(fields.minute.values),
      hours: numbers(fields.hour.values),
      daysOfMonth: numbers(fields.dayOfMonth.values),
      months: numbers(fields.month.values),
      daysOfWeek: new Set(fields.dayOfWeek.values.map((day) => Number(day) % 7)),
      bothDays: parts[2] !== '*' && parts[4] !== '*',
    };
    const comes = [...cron.months].some(
      (month) => Math.min(...cron.daysOfMonth) <= (LONGEST[month - 1] ?? 0),
    );
    return comes ? cron : { error: 'this date never comes' };
  } catch (error) {
    return { error: `not a schedule: ${error instanceof Error ? error.message.toLowerCase() : 'unknown'}` };
  }
}

/** Whether a local time matches. `weekday` from 0 (Sunday) to 6. */
export function cronMatches(
  cron: Cron,
  local: { minute: number; hour: number; day: number; month: number; weekday: number },
): boolean {
  return (
    cron.minutes.has(local.minute) &&
    cron.hours.has(local.hour) &&
    cron.daysOfMonth.has(local.day) &&
    cron.months.has(local.month) &&
    cron.daysOfWeek.has(local.weekday)
  );
}
