import { describe, expect, it } from 'vitest';
import type { Ports } from '../../src/activities/ports.js';
import { createServiceActivities, type AskedService } from '../../src/activities/services.js';
import type { ProbesPort } from '../../src/adapters/probes/port.js';
import type { ServiceState } from '../../src/adapters/runtimes/port.js';
import { SteadyError } from '../../src/contracts/failures.js';
import type { StackSnapshot } from '../../src/contracts/runs/snapshot.js';

const HEALTH = { http: { url: 'http://127.0.0.1/health' } };
const passes: ProbesPort['run'] = () => Promise.resolve({ passed: true, answer: '200', seconds: 0.1 });
const refuses: ProbesPort['run'] = () =>
  Promise.resolve({ passed: false, answer: 'connection refused', seconds: 0.1, refused: true });
const noSecret: ProbesPort['run'] = () => Promise.reject(new SteadyError('secret.missing', { env: 'TOKEN' }));
const neverAsked: ProbesPort['run'] = () => Promise.reject(new Error('was asked'));

async function stateOf(
  told: Omit<ServiceState, 'service'>,
  run: ProbesPort['run'],
  service: object = { start: ['./start'], health: HEALTH },
): Promise<Omit<AskedService, 'service'>> {
  const ports = {
    runtime: () => ({ states: () => Promise.resolve([{ service: 'api', ...told }]) }),
    probes: () => ({ run }),
  } as unknown as Ports;
  const snapshot = { stack: { services: { api: service } } } as unknown as StackSnapshot;
  const [state] = await createServiceActivities(ports).serviceStates({ snapshot });
  const { service: _, ...rest } = state as AskedService;
  return rest;
}

describe('how a service is', () => {
  it('is asked of its health check where the runtime does not know', async () => {
    expect(await stateOf({ status: 'unknown' }, passes)).toMatchObject({ status: 'running' });
    expect(await stateOf({ status: 'unknown' }, refuses)).toEqual({
      status: 'unknown',
      answer: 'connection refused',
    });
  });

  it('is asked of its health check where a command started it: that its process lives is not that it answers', async () => {
    expect(await stateOf({ status: 'running' }, refuses)).toEqual({
      status: 'running',
      answer: 'connection refused',
    });
    expect(await stateOf({ status: 'running' }, neverAsked, { unit: 'api', health: HEALTH })).toEqual({
      status: 'running',
    });
  });

  it('is asked anew where it was stopped from here: somebody may have started it since', async () => {
    const stopped = { status: 'stopped', recorded: true } as const;
    expect(await stateOf(stopped, passes)).toEqual({ status: 'running', recorded: false });
    expect(await stateOf(stopped, refuses)).toEqual({ status: 'stopped', recorded: false });
    expect(await stateOf({ status: 'stopped' }, neverAsked)).toEqual({ status: 'stopped' });
  });

  it('stays as it was told where the health check cannot be asked, with why', async () => {
    const answer = 'a secret cannot be read [env=TOKEN]';
    expect(await stateOf({ status: 'unknown' }, noSecret)).toEqual({ status: 'unknown', answer });
    expect(await stateOf({ status: 'stopped', recorded: true }, noSecret)).toEqual({
      status: 'stopped',
      recorded: true,
      answer,
    });
  });

  it('stays as it was told without a health check, and with one that looks at a log', async () => {
    const log = { start: ['./start'], health: { log: { service: 'api', without: 'ERROR', lines: 100 } } };
    for (const service of [{ start: ['./start'] }, log]) {
      expect(await stateOf({ status: 'unknown' }, neverAsked, service)).toEqual({ status: 'unknown' });
      const stopped = { status: 'stopped', recorded: true } as const;
      expect(await stateOf(stopped, neverAsked, service)).toEqual(stopped);
    }
  });
});
