import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadComposeProject } from '../../../src/cli/init/compose/load-project.js';
import type { ComposeProject } from '../../../src/cli/init/compose/service.js';
import { composeFiles, readText } from '../../../src/cli/init/find-compose-files.js';

const root = join(dirname(fileURLToPath(import.meta.url)), 'projects');

/** Compose files of each project, empty: those that Compose finds by itself. */
export const PROJECTS = {
  'local-mind': [],
  'personal-rag': ['docker-compose.prod.yml'],
  obsidian: ['docker-compose.production.yml'],
  rag7: [],
  'core-agent': [],
  'other-databases': [],
  forty: [],
} as const satisfies Record<string, readonly string[]>;
export type ProjectName = keyof typeof PROJECTS;

/** What the files may use of the shell's environment: the same for us and for Compose. */
export const ENVIRONMENT = { HOME: '/home/ana', POSTGRES_PASSWORD: 'example-not-a-secret' };

export const folderOf = (name: ProjectName): string => join(root, name);

export function loadProject(name: ProjectName, more: Readonly<Record<string, string>> = {}): ComposeProject {
  const environment = { ...ENVIRONMENT, ...more };
  const files = composeFiles(PROJECTS[name], folderOf(name), environment);
  const shown = (path: string): string => path.replace(`${folderOf(name)}/`, '');
  return loadComposeProject({ files, read: readText, environment, shown });
}
