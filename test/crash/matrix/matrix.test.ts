import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../../src/activities/index.js';
import type { Ports } from '../../../src/activities/ports.js';
import { startMinio, type MinioServer } from '../../services/minio.js';
import { expectListed } from './history.js';
import { createLane, type Lane } from './lane.js';
import { BULK_RATE, cutInMultipart } from './multipart.js';
import { allCases, multipartCuts, rotatingCases, type Point, type Victim } from './points.js';
import { activitiesOf, NOT_KILLED, scenarios, type Place } from './runs.js';
import { SCENARIOS } from './scenarios.js';

const all = process.env['STEADY_CRASH_ALL'] === '1';
const seed = Number(process.env['STEADY_CRASH_SEED'] ?? Math.floor(Math.random() * 1e6));
console.log(`STEADY_CRASH_SEED=${seed}${all ? ' STEADY_CRASH_ALL=1' : ''}`);
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
const chosen = (all ? allCases(seed) : rotatingCases(seed))
  .map((one) => ({
    ...one,
    title: `${FAULT[one.victim]} in ${one.scenario}: ${one.points.map(words).join(', ')}`,
  }))
  .filter(wanted);
const cuts = multipartCuts(seed, all)
  .map((cut) => ({ cut, title: `storage cut in a multipart upload: ${cut}` }))
  .filter(wanted);

/** Stacks that wait for a case; those that a failed case has left behind are not used again. */
const idle: Record<Place, Lane[]> = { folder: [], bucket: [] };
const open = new Set<Lane>();
let minio: MinioServer | undefined;
beforeAll(async () => {
  if (cuts.length > 0 || chosen.some(({ place }) => place === 'bucket')) minio = await startMinio();
});
afterAll(async () => {
  for (const lane of Object.values(idle).flat()) await lane.expectSwept();
  await Promise.all([...open].map((lane) => lane.close()));
  await minio?.close();
});

it('every activity is killed in some scenario', () => {
  const names = Object.values(createActivities({} as Ports)).flatMap((activities) => Object.keys(activities));
  const killed = scenarios().flatMap((scenario) => activitiesOf(scenario, 'bucket'));
  expect([...new Set(names)].sort()).toEqual([...new Set([...killed, ...NOT_KILLED])].sort());
});

describe.concurrent('a run goes on', () => {
  it.each(chosen)('$title', async ({ scenario, place, points }) => {
    const lane = idle[place].pop() ?? (await createLane(place === 'bucket' ? { minio } : {}));
    open.add(lane);
    lane.arm(points);
    const since = new Date();
    await SCENARIOS[scenario](lane);
    await expectListed(lane.stack, { scenario, place, since });
    expect(lane.armed()).toEqual([]);
    await lane.expectWhole();
    idle[place].push(lane);
  });
  it.each(cuts)('$title', async ({ cut }) => {
    const server = minio as MinioServer;
    const lane = await createLane({ minio: server, limits: BULK_RATE, nights: 0 });
    open.add(lane);
    await cutInMultipart(lane, server, cut);
    await lane.expectWhole();
    await lane.expectSwept();
    open.delete(lane);
    await lane.close();
  });
});
