import { afterAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../../src/activities/index.js';
import type { Ports } from '../../../src/activities/ports.js';
import { createLane, type Lane } from './lane.js';
import { allCases, NOT_KILLED, rotatingCases, RUNS, type Point } from './points.js';
import { SCENARIOS } from './scenarios.js';

const all = process.env['STEADY_CRASH_ALL'] === '1';
const seed = Number(process.env['STEADY_CRASH_SEED'] ?? Math.floor(Math.random() * 1e6));
console.log(`STEADY_CRASH_SEED=${seed}${all ? ' STEADY_CRASH_ALL=1' : ''}`);
const only = process.env['STEADY_CRASH_ONLY'];
const words = ({ activity, phase, beat }: Point): string =>
  `${activity} ${phase}${beat === undefined ? '' : ` ${beat}`}`;
const chosen = (all ? allCases(seed) : rotatingCases(seed))
  .map(({ scenario, points }) => ({
    title: `${scenario}: ${points.map(words).join(', ')}`,
    scenario,
    points,
  }))
  .filter(({ title }) => only === undefined || new RegExp(only).test(title));

/** Stacks that wait for a case; those that a failed case has left behind are not used again. */
const idle: Lane[] = [];
const open = new Set<Lane>();
afterAll(async () => {
  for (const lane of idle) await lane.expectSwept();
  await Promise.all([...open].map((lane) => lane.close()));
});

it('every activity is killed in some scenario', () => {
  const names = Object.values(createActivities({} as Ports)).flatMap((activities) => Object.keys(activities));
  const killed = Object.values(RUNS).flat();
  expect([...new Set(names)].sort()).toEqual([...new Set([...killed, ...NOT_KILLED])].sort());
});

describe.concurrent('kill -9 of the worker', () => {
  it.each(chosen)('$title', async ({ scenario, points }) => {
    const lane = idle.pop() ?? (await createLane());
    open.add(lane);
    lane.arm(points);
    await SCENARIOS[scenario](lane);
    expect(lane.armed()).toEqual([]);
    await lane.expectWhole();
    idle.push(lane);
  });
});
