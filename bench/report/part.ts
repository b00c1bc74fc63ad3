/** One section of docs/benchmarks.md: its text, and its plots by the names of their files. */
export interface Part {
  readonly text: string;
  readonly plots: Readonly<Record<string, string>>;
}
