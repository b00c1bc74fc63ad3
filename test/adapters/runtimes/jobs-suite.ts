import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Job, JobsPort } from '../../../src/adapters/runtimes/port.js';
import { Secret } from '../../../src/contracts/secret.js';
import { waitFor } from '../../crash/rig/wait-for.js';

export interface JobsUnderTest {
  /** Another one knows what this one began. */
  create(): JobsPort;
  readonly service?: Job['service'];
  /** A place where a job may write, as it sees it, and what lies there. */
  readonly file: (name: string) => { readonly path: string; read(): Promise<string> };
}

/** What jobs do wherever they run. */
export function jobsSuite(subject: () => JobsUnderTest): void {
  const make = (script: string, more: Partial<Job> = {}): Job => ({
    id: `job-${randomBytes(4).toString('hex')}`,
    service: subject().service,
    argv: ['sh', '-c', script],
    env: {},
    secrets: {},
    ...more,
  });
  const toEnd = async (jobs: JobsPort, job: Job) =>
    await waitFor('the end of the job', async () => {
      const found = await jobs.state(job);
      return found.state === 'ended' && found;
    });

  it('run to their end, which is told with what they wrote', async () => {
    const jobs = subject().create();
    const job = make('echo one; echo two >&2; exit 7');
    await jobs.begin(job);
    expect(await toEnd(jobs, job)).toEqual({ state: 'ended', exit: 7 });
    expect((await jobs.log(job, { lines: 20 })).trim().split('\n').sort()).toEqual(['one', 'two']);
    await jobs.remove(job);
    expect(await jobs.state(job)).toEqual({ state: 'missing' });
  });

  it('are given variables, and secrets that stand in no list of processes', async () => {
    const jobs = subject().create();
    const job = make(
      'echo "$PLAIN $HIDDEN"; tr "\\0" " " </proc/$PPID/cmdline; tr "\\0" " " </proc/$$/cmdline',
      {
        env: { PLAIN: 'two words' },
        secrets: { HIDDEN: new Secret('hunter22') },
      },
    );
    await jobs.begin(job);
    expect(await toEnd(jobs, job)).toMatchObject({ exit: 0 });
    const [first, ...rest] = (await jobs.log(job, { lines: 20 })).split('\n');
    expect(first).toBe('two words hunter22');
    expect(rest.join()).not.toContain('hunter22');
    await jobs.remove(job);
  });

  it('are begun once under an id, and another worker finds how they end', async () => {
    const { create, file } = subject();
    const jobs = create();
    const job = make('', {});
    const count = file(job.id);
    const counting = { ...job, argv: ['sh', '-c', `echo begun >>${count.path}; sleep 1; exit 3`] };
    await Promise.all([jobs.begin(counting)]);
    await create().begin(counting);
    expect(await create().state(counting)).toEqual({ state: 'running' });
    expect(await toEnd(create(), counting)).toEqual({ state: 'ended', exit: 3 });
    await create().begin(counting);
    expect(await toEnd(create(), counting)).toEqual({ state: 'ended', exit: 3 });
    expect(await count.read()).toBe('begun\n');
    await jobs.remove(counting);
  });

  it('are ended where they still run, with all that they started', async () => {
    const { create, file } = subject();
    const jobs = create();
    const job = make('', {});
    const beat = file(job.id);
    const endless = {
      ...job,
      argv: ['sh', '-c', `while :; do echo x >>${beat.path}; sleep 0.05; done & wait`],
    };
    await jobs.begin(endless);
    await waitFor('its first beat', async () => (await beat.read()) !== '');
    await jobs.remove(endless);
    const after = await beat.read();
    expect(await jobs.state(endless)).toEqual({ state: 'missing' });
    await expect(
      waitFor('another beat', async () => (await beat.read()) !== after, { seconds: 0.5 }),
    ).rejects.toThrow('not within');
    await jobs.remove(endless);
  });

  it('that cannot be begun say so', async () => {
    const jobs = subject().create();
    const job = make('', { argv: ['/no/such/program'] });
    const exit = await jobs.begin(job).then(
      async () => (await toEnd(jobs, job)).exit,
      (error: { code: string }) => error.code,
    );
    expect([127, 'service.failed']).toContain(exit);
    await jobs.remove(job);
  });
}
