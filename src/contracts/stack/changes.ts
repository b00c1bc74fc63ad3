import { z } from 'zod';
import { oneOf } from '../one-of.js';
import { secretRefSchema } from '../secret.js';
import { parseWindow } from './windows.js';

export const windowSchema = z
  .string()
  .refine((text) => parseWindow(text) !== undefined, {
    error:
      'must be days and hours such as "Mon-Fri 09:00-16:00", with a zone where it is not the stack’s: "Sun 02:00-04:00 Europe/Berlin"',
  })
  .describe('days and hours such as Mon-Fri 09:00-16:00');

export const calendarSchema = oneOf('a calendar', {
  file: z.string().min(1).describe('path of an .ics file on the worker, relative to the stack file'),
  url: z
    .union([z.url({ protocol: /^https?$/ }), secretRefSchema])
    .describe('an .ics file that the worker fetches; a reference where the address itself is secret'),
});
export type CalendarConfig = z.infer<typeof calendarSchema>;

/** When services may be changed by deploys, rollbacks excepted: what is bad goes at any hour. */
export const changesSchema = z.strictObject({
  windows: z.array(windowSchema).min(1).optional().describe('deploys only then'),
  calendars: z
    .array(calendarSchema)
    .min(1)
    .optional()
    .describe('no deploys while one of their events lasts, such as a holiday'),
});
export type ChangesConfig = z.infer<typeof changesSchema>;
