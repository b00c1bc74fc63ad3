import type { CheckConfig } from '../../contracts/stack/checks.js';

export interface ProbeResult {
  readonly passed: boolean;
  /** What was answered, short and free of secrets; for a failed one, what was expected. */
  readonly answer: string;
  readonly seconds: number;
  /** Nobody listens where it asks: what is asked does not run. */
  readonly refused?: boolean;
}

/** Asks a check once, or again until it passes. A check that fails is a result; only broken configuration throws. */
export interface ProbesPort {
  run(check: CheckConfig, options?: { readonly signal?: AbortSignal }): Promise<ProbeResult>;
  /** Asks every second until it passes or the time is up; the last result either way. */
  until(
    check: CheckConfig,
    options: { readonly withinSeconds: number; readonly signal?: AbortSignal },
  ): Promise<ProbeResult>;
}
