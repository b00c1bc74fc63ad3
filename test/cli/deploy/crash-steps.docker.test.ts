import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WITH_STEPS } from '../../crash/matrix/runs.js';
import { rotating } from '../../crash/rotation.js';
import { docker } from '../../services/docker.js';
import { arm, armed, withPoints, type Phase } from './points.js';
import { startDeployStack, type DeployStack } from './stack.js';

const DEPLOY =
  ', before: { jobs: [validate], disk: 1MiB, memory: 1MiB, secrets: true }, migrate: { job: migrate, backup: [], reversible: false }';
const FILE = `jobs:
  validate: { service: api, command: [sh, -c, 'echo version $VERSION is valid'] }
  migrate: { service: api, command: [sh, -c, 'echo migrated; sleep 1'] }
changes: { windows: ["daily 00:00-24:00"] }
`;

let stack: DeployStack;
beforeAll(async () => {
  stack = await startDeployStack(withPoints, { deploy: DEPLOY, file: FILE });
}, 300_000);
afterAll(async () => stack?.close(), 120_000);

const jobsLeft = async (): Promise<string> => docker('ps', '-a', '-q', '--filter', 'label=steady.job');

describe.each(rotating<Phase>(['before', 'after']))(
  'a worker that is killed %s each step of a checklist',
  (phase) => {
    it('goes through it all the same, and each job has run once', async () => {
      const { folder } = stack.project;
      await stack.underLoad(async () => {
        arm(
          folder,
          WITH_STEPS.filter((one) => one !== 'freezeTarget'),
          phase,
        );
        const { run } = await stack.well('deploy', 'api', '--image', stack.image('2'));
        expect(armed(folder)).toEqual([]);
        const shown = (await stack.well('show', run as string)) as unknown as {
          timeline: { steps: { title: string; notes: string[] }[] };
        };
        const notes = shown.timeline.steps.flatMap((one) =>
          one.title.startsWith('Run job') ? one.notes : [],
        );
        expect(notes).toEqual(['version 2 is valid', 'migrated']);
      });
      expect(await stack.versions()).toEqual(['2', '2']);
      expect(await jobsLeft()).toBe('');
    });

    it('leaves what cannot be undone to a person', async () => {
      const { folder } = stack.project;
      await stack.underLoad(async () => {
        arm(folder, ['freezeTarget'], phase);
        const ran = await stack.steady('--json', 'deploy', 'api', '--image', stack.image('ill'));
        expect([ran.code, ran.json.error.code, armed(folder)]).toEqual([1, 'deploy.held', []]);
        expect((await stack.steady('rollback', 'api', '--to', '2')).code).toBe(3);
        await stack.well('thaw', 'api');
        await stack.well('rollback', 'api', '--to', '2');
        await stack.well('scale', 'api=2');
      });
      expect(await stack.versions()).toEqual(['2', '2']);
      expect(await jobsLeft()).toBe('');
    });
  },
);
