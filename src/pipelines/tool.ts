import type { Secret } from '../contracts/secret.js';

/** A vendor's tool as the adapters build it: pure data, tested without a process. */
export interface Tool {
  /** Program and arguments; never a secret, never a shell line. */
  readonly argv: readonly [string, ...string[]];
  /** Plain environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Environment variables with secret values; they reach the process, never its argv. */
  readonly secrets?: Readonly<Record<string, Secret>>;
  /** It finds nothing else of this process's environment than where programs and its home are, language and zone. */
  readonly apart?: boolean;
  /** It prints many megabytes: not in the 4 KiB that C's stdio gives a pipe at a time, each a wake-up of the reader. */
  readonly bulk?: boolean;
}

/** Where a tool was started and what to look for when its client has gone; written by a runtime. */
export interface PlacedTool extends Tool {
  /** Name for messages, such as `pg_dump` or `pg_dump in postgres`. */
  readonly label: string;
  /** Niceness of the process on this host, 0 to 19; left out: that of this process. */
  readonly niceness?: number | undefined;
  /** Working directory of the process on this host. */
  readonly cwd?: string;
  /**
   * For tools whose argv depends on what runs now (a container's id, its image): asked right before the start, and its
   * answer is started instead of `argv`, which is then for reading only.
   */
  readonly resolveArgv?: () => Promise<readonly [string, ...string[]]>;
  /**
   * For tools inside containers: ending the client on this host does not end the process inside, so this ends it there
   * and looks again. Safe to call twice, and when nothing runs any more.
   */
  readonly endInside?: () => Promise<void>;
}

/** What one moving stream has done so far. Bytes are before compression. */
export interface StreamProgress {
  readonly stream: string;
  readonly rawBytes: number;
  readonly storedBytes: number;
}
