import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface TestStack {
  readonly folder: string;
  readonly project: string;
  /** `docker …`, its stdout. */
  docker(...args: string[]): Promise<string>;
  /** `docker compose … …` of this stack, its stdout. */
  compose(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/** A small stack of containers from the image of the test services, in a project and folder of its own. */
export async function startStack(services: string): Promise<TestStack> {
  const folder = await mkdtemp(join(tmpdir(), 'steady-compose-'));
  const project = `steady-test-${randomBytes(4).toString('hex')}`;
  await writeFile(join(folder, 'stack.yml'), services);
  const docker = async (...args: string[]): Promise<string> =>
    (await run('docker', args, { cwd: folder, maxBuffer: 2 ** 26 })).stdout;
  const compose = (...args: string[]): Promise<string> =>
    docker('compose', '-f', 'stack.yml', '-p', project, ...args);
  const stack: TestStack = {
    folder,
    project,
    docker,
    compose,
    async close() {
      await compose('down', '-v', '-t', '0', '--remove-orphans');
      await rm(folder, { recursive: true });
    },
  };
  await compose('up', '-d', '--wait').catch(async (error: unknown) => {
    await stack.close().catch(() => undefined);
    throw error;
  });
  return stack;
}
