import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { ComposeTarget } from './argv.js';
import type { Container } from './containers.js';

/** In the order in which Compose looks for them. */
const NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
/** Where Compose writes down which files a container was made by. */
const FILES_LABEL = 'com.docker.compose.project.config_files';
/** Our own, from a pipe. */
export const PIPED = '-';

/**
 * The compose files that another one is to lie over. Compose looks for none by itself once one is named: those of the
 * stack file, else those that a container of the project was made by, else those with the usual names.
 */
export function filesOf(
  target: Pick<ComposeTarget, 'files'>,
  baseFolder: string,
  containers: readonly Pick<Container, 'labels'>[],
): readonly string[] {
  if (target.files.length > 0) return target.files;
  for (const { labels } of containers) {
    const files = (labels[FILES_LABEL] ?? '').split(',').filter((one) => isAbsolute(one));
    if (files.length > 0 && files.every((one) => existsSync(one))) return files;
  }
  const name = NAMES.find((one) => existsSync(join(baseFolder, one)));
  if (name === undefined) return [];
  const [base = ''] = name.split('.');
  const override = ['yml', 'yaml']
    .map((end) => `${base}.override.${end}`)
    .find((one) => existsSync(join(baseFolder, one)));
  return [name, ...(override === undefined ? [] : [override])];
}
