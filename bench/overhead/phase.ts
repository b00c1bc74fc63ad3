import { statSync } from 'node:fs';
import type { Steady } from '../speed/steady.js';
import { openHistories, type HistoryCost } from './histories.js';
import type { ProcedureCost } from './results.js';

export interface PhaseOptions {
  readonly name: string;
  readonly runs: number;
  readonly start: () => Promise<Steady>;
  /** Temporal's, of that `steady up`. */
  readonly temporalFile: string;
  /** Workflow ids of the entities whose growth counts. */
  readonly entities: readonly string[];
  /** What is measured, as words of a command; its document names the run. */
  readonly command: (round: number) => readonly string[];
  /** What has to be done before each round, which does not count but in the growth of the file. */
  readonly prepare?: (steady: Steady) => Promise<void>;
  /** Before each round, in turns: what the run is compared with. Seconds are taken of it. */
  readonly bare?: (round: number) => Promise<void>;
  /** Bytes by which `prepare` makes the file grow. */
  readonly prepared?: number;
}

/**
 * Runs of one procedure, one after another, under a `steady up` of their own: Temporal's file is looked at when nobody has it
 * open, before and after.
 */
export async function phase(options: PhaseOptions): Promise<ProcedureCost> {
  const { name, runs, prepare, bare, prepared = 0 } = options;
  const sizeBefore = statSync(options.temporalFile).size;
  const steady = await options.start();
  const histories = await openHistories(steady.address);
  const rounds: ProcedureCost['rounds'][number][] = [];
  const grown: HistoryCost[] = [];
  for (let round = 0; round < runs; round++) {
    await prepare?.(steady);
    const alone = bare && (await timed(() => bare(round)));
    const before = await histories.entities(options.entities);
    const whole = await timed(() => steady.json<{ run: string }>(options.command(round)));
    const after = await histories.entities(options.entities);
    grown.push({ events: after.events - before.events, bytes: after.bytes - before.bytes });
    const run = await histories.run(whole.result.run);
    rounds.push({ ...(alone && { bare: alone.seconds }), command: whole.seconds, run });
    console.log(
      `${name} ${round + 1}/${runs}  ${alone ? `bare ${alone.seconds.toFixed(2)} s  ` : ''}run ${run.seconds.toFixed(2)} s  command ${whole.seconds.toFixed(2)} s  ${run.events} events`,
    );
  }
  await histories.close();
  await steady.end();
  const mean = (pick: (one: HistoryCost) => number): number =>
    grown.reduce((sum, one) => sum + pick(one), 0) / runs;
  const entities = { events: mean((one) => one.events), bytes: mean((one) => one.bytes) };
  const databaseBytes = (statSync(options.temporalFile).size - sizeBefore) / runs - prepared;
  console.log(
    `${name}: entities ${entities.events} events a run, file ${Math.round(databaseBytes / 1000)} kB a run`,
  );
  return { name, rounds, entities, databaseBytes };
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const begun = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - begun) / 1000 };
}
