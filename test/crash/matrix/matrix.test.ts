import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../../src/activities/index.js';
import type { Ports } from '../../../src/activities/ports.js';
import { startMinio, type MinioServer } from '../../services/minio.js';
import { expectListed } from './history.js';
import { all, seed } from '../rotation.js';
import { createLane, type Lane } from './lane.js';
import { BULK_RATE, cutInMultipart } from './multipart.js';
import {
  allCases,
  casesOf,
  multipartCuts,
  rotatingCases,
  type Case,
  type Point,
  type Victim,
} from './points.js';
import { changedActivities, writeProven } from './proven.js';
import { activitiesOf, ELSEWHERE, scenarios, type ActivityName, type Place } from './runs.js';
import { SCENARIOS } from './scenarios.js';

/** Only what has changed since all of it was run; else that, and each activity once. */
const onlyChanged = process.env['STEADY_CRASH_CHANGED'] === '1';
const FAULT: Record<Victim, string> = {
  worker: 'worker killed',
  temporal: 'Temporal killed',
  storage: 'storage cut',
};
const only = process.env['STEADY_CRASH_ONLY'];
const wanted = ({ title }: { readonly title: string }): boolean =>
  only === undefined || new RegExp(only).test(title);
const words = ({ activity, phase, beat, cut }: Point): string =>
  [activity, phase, beat, cut].filter((word) => word !== undefined).join(' ');
const names = [
  ...new Set(
    Object.values(createActivities({} as Ports)).flatMap((some) => Object.keys(some) as ActivityName[]),
  ),
].filter((name) => !ELSEWHERE.includes(name));
const changed = changedActivities(names);
console.log(`changed since each phase of them was interrupted: ${changed.join(' ') || 'none'}`);
const chosen = (
  all ? allCases(seed) : [...casesOf(changed, seed), ...(onlyChanged ? [] : rotatingCases(seed))]
)
  .map((one) => ({
    ...one,
    title: `${FAULT[one.victim]} in ${one.scenario}${one.place === 'locked' ? ', locked' : ''}: ${one.points.map(words).join(', ')}`,
  }))
  .filter(wanted);
const cuts = multipartCuts(seed, all)
  .map((cut) => ({ cut, title: `storage cut in a multipart upload: ${cut}` }))
  .filter(wanted);

/** Stacks that wait for a case; those that a failed case has left behind are not used again. */
const idle: Record<Place, Lane[]> = { folder: [], bucket: [], locked: [] };
const open = new Set<Lane>();
let held = 0;
const minio: Partial<Record<Place, MinioServer>> = {};
beforeAll(async () => {
  const needed = (place: Place): boolean => chosen.some((one) => one.place === place);
  if (needed('bucket') || cuts.length > 0) minio.bucket = await startMinio();
  if (needed('locked')) minio.locked = await startMinio({ objectLock: true });
});
afterAll(async () => {
  for (const lane of Object.values(idle).flat()) await lane.expectSwept();
  await Promise.all([...open].map((lane) => lane.close()));
  await Promise.all(Object.values(minio).map((one) => one.close()));
  const whole = only === undefined && held === chosen.length + cuts.length;
  if (whole && (all || onlyChanged)) writeProven(names);
});

it('every activity is killed in some scenario', () => {
  const killed = scenarios().flatMap((scenario) => activitiesOf(scenario, 'locked'));
  expect([...names].sort()).toEqual([...new Set(killed)].sort());
});

/** Stacks of four stores take long to make: where few cases want one, each waits for its turn with one of these. */
const turns = Array.from({ length: 2 }, () => Promise.resolve());
let asked = 0;
async function inTurn(place: Place, body: () => Promise<void>): Promise<void> {
  if (all || place !== 'locked') return await body();
  const at = asked++ % turns.length;
  const run = (turns[at] ?? Promise.resolve()).then(body);
  turns[at] = run.catch(() => undefined);
  await run;
}

async function runCase({ scenario, place, points }: Case): Promise<void> {
  const lane = idle[place].pop() ?? (await createLane({ place, minio: minio[place] }));
  open.add(lane);
  lane.arm(points);
  const since = new Date();
  await SCENARIOS[scenario](lane);
  await expectListed(lane.stack, { scenario, place, since });
  expect(lane.armed()).toEqual([]);
  await lane.expectWhole();
  held++;
  idle[place].push(lane);
}

describe.concurrent('a run goes on', () => {
  it.each(chosen)('$title', (one) => inTurn(one.place, () => runCase(one)));

  it.each(cuts)('$title', async ({ cut }) => {
    const server = minio.bucket as MinioServer;
    const lane = await createLane({ place: 'bucket', minio: server, limits: BULK_RATE, nights: 0 });
    open.add(lane);
    await cutInMultipart(lane, server, cut);
    await lane.expectWhole();
    await lane.expectSwept();
    held++;
    open.delete(lane);
    await lane.close();
  });
});
