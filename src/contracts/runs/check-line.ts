/** A line of `steady check`. */
export interface CheckLine {
  readonly what: string;
  readonly status: 'ok' | 'warning' | 'error';
  readonly message: string;
  readonly hint?: string | undefined;
}
