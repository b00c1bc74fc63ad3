/** Somebody who backs up the database `shop` and restores it. */
export interface Contestant {
  readonly name: string;
  /** For the tables. */
  readonly title: string;
  /** What is run, for the docs. */
  readonly what: string;
  /** A part of the whole that is measured by itself, and no way of backing up that anybody would use. */
  readonly part?: boolean;
  /** How its parts call themselves: name and version. */
  readonly versions: Readonly<Record<string, string>>;
  /** What is not measured and has to be before: servers of its own, a repository. */
  begin(): Promise<void>;
  backup(): Promise<void>;
  /** Into a database or a folder that is not there yet; resolves when the data can be asked for. */
  restore(database: string): Promise<void>;
  /** What its restore leaves out of what others' have done: the statistics that queries are planned by. */
  analyze?(database: string): Promise<void>;
  /** The restored data are asked for here; throws what differs. */
  check(database: string, expected: string): Promise<void>;
  /** Processes whose memory counts, with all that descends from them. */
  memory(): readonly number[];
  /** Bytes that lie in storage. */
  stored(): Promise<number>;
  /** Removes what it restored and stored, and ends its servers. */
  end(database: string): Promise<void>;
}
