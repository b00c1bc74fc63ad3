import type { ComposeService } from './compose-services.js';

/**
 * Days of a clean-up rule such as `find /backups -mtime +7 -delete` in any command of the file; the longest when there
 * are several, undefined when there is none.
 */
export function daysOfCleanUp(services: readonly ComposeService[]): number | undefined {
  const texts = services.flatMap((service) => [...service.commands, ...Object.values(service.environment)]);
  const days = texts.flatMap((text) =>
    [...text.matchAll(/-mtime\s+\+(\d{1,4})\b/g)].map((match) => Number(match[1])),
  );
  return days.length === 0 ? undefined : Math.max(1, ...days);
}
