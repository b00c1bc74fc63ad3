import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/names.js';
import { docker } from './docker.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

it('the docker-compose.yml of this project is one, and its Temporal knows every search attribute', async () => {
  const text = await docker(
    'compose',
    '--file',
    join(root, 'docker-compose.yml'),
    'config',
    '--format',
    'json',
  );
  const { services } = JSON.parse(text) as {
    services: Record<string, { command: string[]; ports?: unknown[] }>;
  };
  expect(Object.keys(services).sort()).toEqual(['steady', 'temporal']);
  for (const name of SEARCH_ATTRIBUTES)
    expect(services['temporal']?.command).toContain(`--search-attribute=${name}=Keyword`);
  // Whoever reaches Temporal can start anything: loopback only.
  expect(services['temporal']?.ports).toMatchObject([{ host_ip: '127.0.0.1' }, { host_ip: '127.0.0.1' }]);
});
