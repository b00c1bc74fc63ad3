import type { Secret } from '../../contracts/secret.js';
import type { CallOptions, ServiceHandle, Version } from './port.js';

/** A command that runs once, to its end. */
export interface Job {
  /** The same for the same job, however often it is begun: lower-case letters, digits and `-`. */
  readonly id: string;
  /** In a container or pod of its own like those of this service; left out: on this host. */
  readonly service?: ServiceHandle | undefined;
  /** As this version of the service; left out: as its files say. */
  readonly version?: Version | undefined;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, Secret>>;
}

/** Where a job runs. */
export type JobPlace = Pick<Job, 'id' | 'service'>;

export type JobState =
  | { readonly state: 'running' }
  | { readonly state: 'ended'; readonly exit: number }
  /** Nothing of it is there. */
  | { readonly state: 'missing' };

/**
 * Jobs that outlive the worker that begins them: another one finds them by their id, and how they ended. What is there of
 * one stays until it is removed.
 */
export interface JobsPort {
  /** Begins it; one that was begun under this id before, running or ended, is left as it is. `service.failed` when it cannot. */
  begin(job: Job, options?: CallOptions): Promise<void>;
  state(job: JobPlace, options?: CallOptions): Promise<JobState>;
  /** Its last lines, of both outputs. */
  log(job: JobPlace, options: CallOptions & { readonly lines: number }): Promise<string>;
  /** Ends it if it still runs, and removes all of it; fine when nothing is there. */
  remove(job: JobPlace, options?: CallOptions): Promise<void>;
}
