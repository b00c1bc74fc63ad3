/** An event of a calendar that lasts at a moment. */
export interface CalendarEvent {
  readonly title: string;
  /** When it is over, RFC 3339. */
  readonly until: string;
}

/** A calendar of times at which nothing is to be changed. */
export interface CalendarPort {
  /** For people, such as `freeze.ics`. */
  readonly label: string;
  /** Events that last at a moment. Fails with `calendar.unreadable`: what cannot be read does not say that it is free. */
  at(moment: Date, options?: { readonly signal?: AbortSignal | undefined }): Promise<CalendarEvent[]>;
}
