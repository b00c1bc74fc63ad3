/** Where in storage something failed, as failures tell it. */
export type PlaceFacts = {
  readonly storage?: string;
  readonly key?: string;
  readonly prefix?: string;
  readonly bucket?: string;
  readonly upload?: string;
  readonly part?: number;
  /** Bytes. */
  readonly received?: number;
  /** Bytes. */
  readonly expected?: number | undefined;
};
