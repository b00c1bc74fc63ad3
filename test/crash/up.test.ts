import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../services/free-port.js';
import { isAlive, killHard, processesWith } from './rig/processes.js';
import { createCrashStack, type CrashStack } from './rig/stack.js';
import { waitFor } from './rig/wait-for.js';

let stack: CrashStack;
beforeAll(async () => {
  stack = await createCrashStack({ stores: ['small'] });
});
afterAll(() => stack?.close());

const state = (name: string): string => join(stack.folder, '.steady', name);

/** Runs to its end, at most some seconds; gives exit code and the document printed last. */
async function untilEnded(
  child: ChildProcess,
): Promise<{ code: number | null; json: { error: Record<string, string> } }> {
  let text = '';
  child.stdout?.on('data', (chunk: string) => (text += chunk));
  await waitFor('steady up has ended', () => child.exitCode !== null || child.signalCode !== null, {
    seconds: 20,
  });
  return {
    code: child.exitCode,
    json: JSON.parse(text.trim().split('\n').at(-1) || '{}') as { error: Record<string, string> },
  };
}

describe('steady up', () => {
  it('refuses a second one on its state folder and says who runs', async () => {
    const { code, json } = await untilEnded(stack.steady.launch());
    expect([code, json.error['code']]).toEqual([1, 'up.running']);
    expect(json.error['message']).toContain(`pid=${stack.steady.pids.up()}`);
    expect(isAlive(stack.steady.pids.worker())).toBe(true);
  });

  it('names the option when a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port: taken } = other.address() as { port: number };
    const [free] = (await freePorts(1)) as [number];
    for (const [option, ports] of [
      ['--port', ['--port', taken, '--ui-port', free]],
      ['--ui-port', ['--port', free, '--ui-port', taken]],
    ] as const) {
      const { code, json } = await untilEnded(
        stack.steady.launch('--state', 'other-state', ...ports.map(String)),
      );
      expect([code, json.error['code']]).toEqual([1, 'up.port-taken']);
      expect(json.error['message']).toContain(`[port=${taken} option=${option}]`);
    }
    other.close();
    expect(existsSync(join(stack.folder, 'other-state', 'up.sock'))).toBe(false);
  });

  it('knows its own also where the path is too long for a socket', async () => {
    const deep = join(stack.folder, 'a'.repeat(60), 'b'.repeat(60));
    const [port, ui] = (await freePorts(2)) as [number, number];
    const options = ['--state', deep, '--port', String(port), '--ui-port', String(ui), '--no-worker'];
    for (const round of [1, 2]) {
      const first = stack.steady.launch(...options);
      await waitFor(
        `it runs, round ${round}`,
        () => existsSync(join(deep, 'up.json')) && existsSync(join(deep, 'up.sock')),
      );
      const { json } = await untilEnded(stack.steady.launch(...options));
      expect(json.error).toMatchObject({ code: 'up.running' });
      expect(json.error['message']).toContain(`pid=${first.pid}`);
      // The second round begins with what a killed one left.
      killHard(first.pid ?? 0);
      await untilEnded(first);
      rmSync(join(deep, 'up.json'), { force: true });
    }
  });

  it('takes over what a killed one left: socket, note and database file', async () => {
    await stack.steady.kill('up');
    expect(existsSync(state('up.sock'))).toBe(true);
    expect(existsSync(state('up.json'))).toBe(true);
    await stack.steady.start();
    const { json } = await stack.steady.cli('status');
    expect(json.plans).toMatchObject([{ plan: 'nightly', schedule: '30 3 * * * UTC' }]);
  });

  it('keeps what ran when SIGHUP finds a broken file, and applies a good one', async () => {
    const { file, steady } = stack;
    file.write(file.text.replace('30 3 * * *', '30 99 * * *'));
    process.kill(steady.pids.up(), 'SIGHUP');
    await waitFor('the refusal', () => steady.words().includes('not applied: what ran before goes on'));
    file.write(file.text);
    expect((await steady.cli('status')).json.plans).toMatchObject([{ schedule: '30 3 * * * UTC' }]);

    file.write(file.text.replace('30 3 * * *', '45 4 * * *'));
    expect((await steady.cli('status')).json).toMatchObject({ config: 'differs' });
    process.kill(steady.pids.up(), 'SIGHUP');
    await waitFor('the change is applied', async () => {
      const { json } = await steady.cli('status');
      return json.config === 'same' && json.plans[0]?.schedule === '45 4 * * * UTC';
    });
    expect(isAlive(steady.pids.worker())).toBe(true);
  });

  it('starts a killed worker and a killed Temporal again by itself', async () => {
    const { steady } = stack;
    const up = steady.pids.up();
    for (const victim of ['worker', 'temporal'] as const) {
      await steady.killAndRestart(victim);
      await waitFor('it answers again', async () => (await steady.cli('status')).code !== 5);
    }
    expect(steady.pids.up()).toBe(up);
    expect(isAlive(up)).toBe(true);
    // A backup is possible as before.
    expect((await steady.cli('backup', 'run')).code).toBe(0);
  });

  it('stops in order on SIGTERM and leaves nothing', async () => {
    const child = stack.steady.child();
    const pids = [stack.steady.pids.worker(), stack.steady.pids.temporal()];
    child.kill('SIGTERM');
    await waitFor('it has ended', () => child.exitCode !== null || child.signalCode !== null, {
      seconds: 30,
    });
    expect([child.exitCode, child.signalCode]).toEqual([0, null]);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(processesWith(stack.mark)).toEqual([]);
    for (const name of ['up.sock', 'up.json', 'worker.json'])
      expect([name, existsSync(state(name))]).toEqual([name, false]);
    // The file is whole: what ran before is there again.
    await stack.steady.start();
    expect((await stack.steady.cli('runs')).code).toBe(0);
  });

  it('stops in order also when told so while it starts', async () => {
    const before = stack.steady.child();
    before.kill('SIGTERM');
    await waitFor('it has ended', () => before.exitCode !== null, { seconds: 30 });
    const child = stack.steady.launch();
    await waitFor('Temporal is there, the rest not yet', () => existsSync(state('up.json')), { every: 5 });
    child.kill('SIGTERM');
    await waitFor('it has ended', () => child.exitCode !== null, { seconds: 40 });
    expect(child.exitCode).toBe(0);
    expect(processesWith(stack.mark)).toEqual([]);
    expect(existsSync(state('up.sock'))).toBe(false);
  });
});
