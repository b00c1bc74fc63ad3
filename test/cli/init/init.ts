import { initFromCompose, type InitOptions } from '../../../src/cli/init/init-from-compose.js';
import { parseStackText } from '../../../src/config/parse-stack-text.js';
import { formatProblems, StackFileError } from '../../../src/config/problems.js';

export const OPTIONS: InitOptions = {
  fileName: 'docker-compose.prod.yml',
  folder: '/srv/RAG_Personal',
  recipients: {
    proof: 'age1hhc7gdly74376ec040ne4r2qflnjy4ruf8wcxgzztgeh3d8l79ds7wxuzx',
    offline: 'age1qjajc5f8kp8a7cljgcnn05rqck7x4s3vccs5twyk62h8f37hl9jqs9javr',
  },
  identityFile: '/etc/steady/proof.key',
};

/** What `steady init` writes for a compose file, and the stack it is; fails when it is no valid one. */
export function init(compose: string, options: Partial<InitOptions> = {}) {
  const { yaml, notes } = initFromCompose(compose, { ...OPTIONS, ...options });
  try {
    return { yaml, notes, ...parseStackText(yaml, 'steady.yaml') };
  } catch (error) {
    if (error instanceof StackFileError)
      throw new Error(`${formatProblems(error.problems)}\n${yaml}`, { cause: error });
    throw error;
  }
}
