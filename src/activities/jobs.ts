import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, JobPlace, JobsPort, Version } from '../adapters/runtimes/port.js';
import { SteadyError } from '../contracts/failures.js';
import { redact, type Secret } from '../contracts/secret.js';
import type { JobDone } from '../contracts/runs/jobs.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { JOB_LIMIT_SECONDS, type JobConfig } from '../contracts/stack/jobs.js';
import { withCall } from './call.js';
import { imageNameOf } from './deploy/image-name.js';
import type { Ports } from './ports.js';
import { serviceHandle } from './service-handle.js';

export interface JobCall {
  readonly snapshot: StackSnapshot;
  /** Its name in the stack file. */
  readonly job: string;
  /** The same for one job of one run. */
  readonly id: string;
  /** As this version of its service; left out: as its files say. */
  readonly version?: Version | undefined;
}

const LOOK_MS = 300;
const LINES = 20;

/** One-off jobs of the stack file. */
export function createJobActivities(ports: Ports) {
  const configOf = ({ snapshot, job }: JobCall): JobConfig => {
    const config = snapshot.stack.jobs?.[job];
    if (config === undefined) throw new SteadyError('config.invalid', { job, error: 'not in the stack' });
    return config;
  };
  const placeOf = (call: JobCall): { jobs: JobsPort; place: JobPlace; config: JobConfig } => {
    const { jobs } = ports.runtime(call.snapshot);
    if (jobs === undefined)
      throw new SteadyError('config.invalid', { job: call.job, error: 'its runtime has none' });
    const config = configOf(call);
    const service = config.service === undefined ? undefined : serviceHandle(call.snapshot, config.service);
    return { jobs, place: { id: call.id, service }, config };
  };

  return {
    /**
     * Runs a job to its end, and gives what it wrote at last. Running again is safe: a job is begun once under its id, and
     * another worker waits for the one that was. Fails with `job.failed`, which nobody tries again. What is left of it,
     * `removeJob` removes.
     */
    async runJob(input: JobCall): Promise<JobDone> {
      const { snapshot, job: name } = input;
      const { jobs, place, config } = placeOf(input);
      return await withCall({ title: `Job ${name}` }, async (call) => {
        const { plain, secrets } = await variables(config, (ref) => ports.secrets(snapshot).resolve(ref));
        refusePlaceholders(name, config, { plain, secrets });
        const job: Job = {
          ...place,
          version: keptAs(input, place),
          argv: config.command,
          env: plain,
          secrets,
        };
        const began = performance.now();
        await jobs.begin(job, call);
        const limit = config.limit ?? JOB_LIMIT_SECONDS;
        const lastLines = async (): Promise<string[]> => {
          const text = await jobs.log(place, { lines: LINES, signal: call.signal });
          return redact(text, Object.values(secrets)).trimEnd().split('\n').slice(-LINES);
        };
        for (;;) {
          const found = await jobs.state(place, call);
          const seconds = (performance.now() - began) / 1000;
          if (found.state === 'ended') {
            const lines = await lastLines();
            if (found.exit === 0) return { job: name, seconds, lines };
            throw new SteadyError('job.failed', { job: name, exit: found.exit, says: lines.join(' | ') });
          }
          if (found.state === 'missing')
            throw new SteadyError('job.failed', { job: name, error: 'it is gone, and nobody saw its end' });
          if (seconds > limit)
            throw new SteadyError('job.failed', {
              job: name,
              limit: `${limit}s`,
              says: (await lastLines()).join(' | '),
            });
          await sleep(LOOK_MS, undefined, { signal: call.signal }).catch(() => {
            throw new SteadyError('cancelled', { job: name });
          });
        }
      });
    },

    /** Ends a job if it still runs, and removes what is left of it. Safe to repeat. */
    async removeJob(input: JobCall): Promise<void> {
      const { jobs, place } = placeOf(input);
      await withCall({ title: `Remove what is left of job ${input.job}` }, async ({ signal }) =>
        jobs.remove(place, { signal }),
      );
    },
  };
}
export type JobActivities = ReturnType<typeof createJobActivities>;

interface Variables {
  readonly plain: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, Secret>>;
}

async function variables(
  { env = {} }: JobConfig,
  resolve: (ref: Exclude<NonNullable<JobConfig['env']>[string], string>) => Promise<Secret>,
): Promise<Variables> {
  const plain: Record<string, string> = {};
  const secrets: Record<string, Secret> = {};
  for (const [name, value] of Object.entries(env)) {
    if (typeof value === 'string') plain[name] = value;
    else secrets[name] = await resolve(value);
  }
  return { plain, secrets };
}

/** A placeholder that was never replaced would be what the job makes: an account that everybody knows. */
function refusePlaceholders(job: string, { refuses = [] }: JobConfig, { plain, secrets }: Variables): void {
  const revealed = Object.entries(secrets).map(([name, secret]) => [name, secret.reveal()] as const);
  const found = [...Object.entries(plain), ...revealed].find(([, value]) => refuses.includes(value));
  if (found !== undefined)
    throw new SteadyError('job.failed', {
      job,
      variable: found[0],
      error: 'it still has a value that the job refuses',
    });
}

function keptAs({ snapshot, version }: JobCall, { service }: JobPlace): Version | undefined {
  if (version === undefined || service === undefined) return undefined;
  return { ...version, keptAs: imageNameOf(snapshot.stack.stack, service.name, version.revision) };
}
