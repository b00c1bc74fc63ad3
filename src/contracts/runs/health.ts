import type { LogGroup } from './logs.js';

/** One container, unit or process of a service, as a look finds it. */
export interface InstanceHealth {
  readonly name: string;
  readonly status: string;
  readonly health?: string | undefined;
  /** RFC 3339. */
  readonly startedAt?: string | undefined;
  readonly image?: string | undefined;
  readonly revision?: number | undefined;
}

/** How a service is, or the server of a store that runs in one. */
export interface ServiceHealth {
  readonly service: string;
  /** Something cannot do without it, or nothing says that it is optional. */
  readonly required: boolean;
  /** `running`, `stopped`, `missing`, or `unknown` where nobody can look. */
  readonly status: string;
  readonly instances: readonly InstanceHealth[];
  readonly restarts?: number | undefined;
  /** What its health check of the stack file answered now. */
  readonly check?:
    { readonly passed: boolean; readonly answer: string; readonly seconds: number } | undefined;
  /** `127.0.0.1:8000->8000`, or `network of the host`. */
  readonly ports: readonly string[];
  /** Errors in its log since its last start, the most frequent first. */
  readonly errors: readonly LogGroup[];
  /** Why it is not well, a line each; none: it is. */
  readonly problems: readonly string[];
}
