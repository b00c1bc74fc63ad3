import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { spawnTool } from '../../src/pipelines/spawn-tool.js';

it('keeps the output of a tool that has long ended when its reader comes', async () => {
  const running = await spawnTool({ label: 'echo', argv: ['echo', 'all of it'] });
  running.stdin.end();
  await running.exited;
  // Longer than Node takes to let unread output run out after an exit.
  await sleep(50);
  expect(await text(running.stdout)).toBe('all of it\n');
});
