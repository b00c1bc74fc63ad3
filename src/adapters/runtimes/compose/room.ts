import { readFile, statfs } from 'node:fs/promises';
import type { CallOptions, Room } from '../port.js';
import { engineInfo, type ComposeTarget } from './argv.js';
import type { RunCommand } from './find-containers.js';

/** What is free where the engine keeps images and logs, and of memory, when the engine is one of this machine. */
export async function roomOf(target: ComposeTarget, run: RunCommand, options?: CallOptions): Promise<Room> {
  const address = target.host ?? process.env['DOCKER_HOST'] ?? '';
  if (/^(tcp|ssh|https?):/.test(address)) return { unknown: 'the engine is on another machine' };
  const { code, stdout } = await run(engineInfo(target), { ...options, okCodes: [0, 1, 125] });
  const root = rootIn(stdout);
  if (code !== 0 || root === undefined) return { unknown: 'the engine does not tell where its images are' };
  const disk = await statfs(root).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
  const memory = /^MemAvailable:\s+(\d+) kB$/m.exec(
    await readFile('/proc/meminfo', 'utf8').catch(() => ''),
  )?.[1];
  return { disk, memory: memory === undefined ? undefined : Number(memory) * 1024 };
}

/** Docker and nerdctl name it alike; podman has it in its store. */
function rootIn(json: string): string | undefined {
  try {
    const info = JSON.parse(json) as { DockerRootDir?: string; store?: { graphRoot?: string } };
    return info.DockerRootDir || info.store?.graphRoot;
  } catch {
    return undefined;
  }
}
