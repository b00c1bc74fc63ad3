import { loadComposeProject } from '../../../src/cli/init/compose/load-project.js';
import { initFromCompose, type InitOptions } from '../../../src/cli/init/init-from-compose.js';
import { parseStackText } from '../../../src/config/parse-stack-text.js';
import { formatProblems, StackFileError } from '../../../src/config/problems.js';

export const OPTIONS: InitOptions = {
  fileNames: ['docker-compose.prod.yml'],
  recipients: {
    proof: 'age1hhc7gdly74376ec040ne4r2qflnjy4ruf8wcxgzztgeh3d8l79ds7wxuzx',
    offline: 'age1qjajc5f8kp8a7cljgcnn05rqck7x4s3vccs5twyk62h8f37hl9jqs9javr',
  },
  identityFile: '/etc/steady/proof.key',
};

export interface Given {
  readonly folder?: string;
  /** Other files, by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The project of a compose file's text in /srv/RAG_Personal, with other files beside it when given. */
export function load(compose: string, given: Given = {}) {
  const path = `${given.folder ?? '/srv/RAG_Personal'}/docker-compose.prod.yml`;
  const files: Readonly<Record<string, string>> = { ...given.files, [path]: compose };
  return loadComposeProject({
    files: [path],
    read: (name) => (Object.hasOwn(files, name) ? files[name] : undefined),
    environment: given.environment ?? {},
    shown: (name) => name.replace(/^.*\//, ''),
  });
}

/** What `steady init` writes for a compose file, and the stack it is; fails when it is no valid one. */
export function init(compose: string, given: Given & Partial<InitOptions> = {}) {
  const { yaml, notes, secrets } = initFromCompose(load(compose, given), { ...OPTIONS, ...given });
  try {
    return { yaml, notes, secrets, ...parseStackText(yaml, 'steady.yaml') };
  } catch (error) {
    if (error instanceof StackFileError)
      throw new Error(`${formatProblems(error.problems)}\n${yaml}`, { cause: error });
    throw error;
  }
}
