import type { RunInput } from './snapshot.js';

/** Input of the procedure `job`. Plain JSON: it stays in histories for months. */
export interface JobInput extends RunInput {
  readonly job: string;
  readonly reason: string;
  /** 8 characters of the request: a signature is good for one run. */
  readonly token: string;
}

/** How a job went that did well. */
export interface JobDone {
  readonly job: string;
  readonly seconds: number;
  /** What it wrote at last, without secrets. */
  readonly lines: readonly string[];
}

/** What is asked, as it is signed. */
export function jobRequest({ job, reason, token }: Pick<JobInput, 'job' | 'reason' | 'token'>) {
  return { job: { job, reason, token } };
}
