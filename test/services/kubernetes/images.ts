import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The image of the test services, by names that no registry is asked for; versions differ by their variables. */
export const imageOf = (version: string): string => `localhost/rig:${version}`;
const VERSIONS: Record<string, readonly string[]> = {
  '1': ['VERSION=1'],
  '2': ['VERSION=2'],
  ill: ['VERSION=ill', 'ILL=1'],
};
const RIG_ENV = ['LANG=C.UTF-8', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
const RIG_ENTRYPOINT = ['/usr/bin/tini', '--', '/usr/local/bin/rig-entry'];

/** Takes the image of the test services, and that of every pod's first container, into the containerd of a node. */
export async function importImages({ root }: { readonly root: string }): Promise<void> {
  const ctr = async (...args: string[]) =>
    run('ctr', ['--address', join(root, 'containerd.sock'), '--namespace', 'k8s.io', ...args]);
  for (const file of [await rigArchive(), await pauseArchive()]) await ctr('images', 'import', file);
}

const tools = (): string => process.env['STEADY_TOOLS'] ?? '';

/** Made once of what ./scripts/setup keeps: an archive as `docker save` writes it. */
async function rigArchive(): Promise<string> {
  const folder = join(tools(), 'images');
  const made = readdirSync(folder).find((name) => /^steadyhand-rig-\w+\.tar\.zst$/.test(name));
  if (made === undefined) throw new Error('no image of the test services: ./scripts/setup --for docker');
  const archive = join(folder, `${made.replace('.tar.zst', '')}.versions.tar`);
  if (existsSync(archive)) return archive;
  const work = `${archive}.${process.pid}`;
  await mkdir(work);
  await run('zstd', ['-dq', join(folder, made), '-o', join(work, 'layer.tar')]);
  const images = Object.entries(VERSIONS).map(([version, env]) => ({
    tag: imageOf(version),
    config: { Entrypoint: RIG_ENTRYPOINT, Cmd: ['/bin/bash'], Env: [...RIG_ENV, ...env] },
  }));
  await archiveOf(work, { images, to: archive });
  return archive;
}

/** A program that does nothing but hold a pod's namespaces, and what it inherits. */
const PAUSE = `
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void end(int s) { _exit(0); }
static void reap(int s) { while (waitpid(-1, 0, WNOHANG) > 0); }
int main(void) { signal(SIGINT, end); signal(SIGTERM, end); signal(SIGCHLD, reap); for (;;) pause(); }
`;

async function pauseArchive(): Promise<string> {
  const folder = join(tools(), 'images');
  const archive = join(folder, 'pause.archive.tar');
  if (existsSync(archive)) return archive;
  const work = `${archive}.${process.pid}`;
  await mkdir(work);
  await writeFile(join(work, 'pause.c'), PAUSE);
  await run('gcc', ['-Os', '-static', '-s', '-o', 'pause', 'pause.c'], { cwd: work });
  await run('tar', ['-cf', 'layer.tar', 'pause'], { cwd: work });
  const images = [{ tag: 'localhost/pause:1', config: { Entrypoint: ['/pause'] } }];
  await archiveOf(work, { images, to: archive });
  return archive;
}

/** Images of one layer, `layer.tar` in a folder, which goes with it. */
async function archiveOf(
  work: string,
  of: { readonly images: readonly { readonly tag: string; readonly config: object }[]; readonly to: string },
): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(work, 'layer.tar')), hash);
  const layer = hash.digest('hex');
  await mkdir(join(work, layer));
  await rename(join(work, 'layer.tar'), join(work, layer, 'layer.tar'));
  const manifest = await Promise.all(
    of.images.map(async ({ tag, config }) => {
      const text = JSON.stringify({
        ...{ architecture: 'amd64', os: 'linux', config },
        rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
      });
      const name = `${createHash('sha256').update(text).digest('hex')}.json`;
      await writeFile(join(work, name), text);
      return { Config: name, RepoTags: [tag], Layers: [`${layer}/layer.tar`] };
    }),
  );
  await writeFile(join(work, 'manifest.json'), JSON.stringify(manifest));
  const files = ['manifest.json', ...manifest.map((one) => one.Config), layer];
  await run('tar', ['-cf', 'archive.tar', ...files], { cwd: work });
  await rename(join(work, 'archive.tar'), of.to);
  await rm(work, { recursive: true });
}
