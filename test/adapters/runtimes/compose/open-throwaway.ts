import { createComposeRuntime } from '../../../../src/adapters/runtimes/compose/compose.js';
import { spawnTool } from '../../../../src/pipelines/spawn-tool.js';

/** A worker that opens a throwaway container, starts a server in it, says so, and waits to be killed. */
const [project = '', folder = '', marker = ''] = process.argv.slice(2);
const runtime = createComposeRuntime({
  config: { tool: 'docker', files: ['stack.yml'], project },
  baseFolder: folder,
});
const container = await runtime.openThrowaway({ of: { service: 'box' }, marker });
const server = container.place({ argv: ['sh', '-c', 'echo up; exec sleep infinity'] }, { server: true });
const running = await spawnTool(server);
running.stdout.once('data', () => process.stdout.write('up\n'));
setInterval(() => undefined, 1000);
