/** Where the demo's shop runs: what differs between processes of this machine and containers. */
export interface Place {
  /** For people. */
  readonly title: string;
  /** Environment that `steady` and its worker need: the secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** Longest time for all of it, in seconds. */
  readonly limitSeconds: number;
  /** The parts of steady.yaml that say where things are: runtime, storage, stores, services. */
  readonly yaml: {
    readonly runtime: string;
    readonly storage: string;
    readonly db: string;
    readonly cache: string;
    readonly services: string;
  };
  /** Runs SQL in the shop's database and gives what it prints. */
  sql(statement: string): string;
  /** Feeds commands to the cache, a line each. */
  feed(commands: string): void;
  /** One command to the cache. */
  ask(...command: string[]): string;
  /** Bytes that lie in the storage of backups. */
  storedBytes(): Promise<number>;
  /** What the shop's service says of itself; undefined where the shop has none. */
  health?(): Promise<{ readonly healthy: boolean; readonly says: string; readonly startedAt: string }>;
  end(): Promise<void>;
}
