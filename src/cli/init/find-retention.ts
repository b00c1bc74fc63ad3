import { commandText, type ComposeService } from './compose/service.js';

const RULE = /-mtime\s+\+(\d{1,4})\b/g;

/** Days of the clean-up rules in a text, such as `find /backups -mtime +7 -delete`. */
export const cleanUpDays = (text: string): number[] =>
  [...text.matchAll(RULE)].map((match) => Number(match[1]));

/** Days of a clean-up rule in any command of the files; the longest of several, undefined when there is none. */
export function daysOfCleanUp(services: readonly ComposeService[]): number | undefined {
  const texts = services.flatMap((service) => [
    commandText(service),
    ...Object.values(service.environment).map(({ text }) => text),
    ...Object.values(service.labels),
  ]);
  // Images that make backups by themselves are told in a variable.
  const kept = services.flatMap(({ environment }) =>
    ['BACKUP_KEEP_DAYS', 'BACKUP_RETENTION_DAYS'].flatMap((name) => environment[name]?.text ?? []),
  );
  const days = [...texts.flatMap(cleanUpDays), ...kept.map(Number)].filter((one) => one >= 1 && one <= 9999);
  return days.length === 0 ? undefined : Math.max(...days);
}
