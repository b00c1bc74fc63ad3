import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { docker } from './docker.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const PASSWORDS = { TEMPORAL_DB_PASSWORD: 'db-pass', STEADY_S3_KEY: 'key', STEADY_S3_SECRET: 'secret-pass' };

interface Service {
  readonly image: string;
  readonly restart: string;
  readonly ports?: { readonly host_ip: string }[];
  readonly healthcheck?: object;
  readonly deploy?: { readonly replicas?: number };
}

const config = (...more: string[]): string[] => [
  ...['compose', '--project-directory', root, '--env-file', join(root, 'docker', 'env.example')],
  ...['--file', join(root, 'docker-compose.yml'), 'config', ...more],
];

describe('docker-compose.yml', () => {
  it('is one: images of fixed versions that come up again, reached from this machine alone', async () => {
    const env = { ...process.env, ...PASSWORDS };
    const { stdout } = await promisify(execFile)('docker', config('--format', 'json'), { env });
    const { services } = JSON.parse(stdout) as { services: Record<string, Service> };
    expect(Object.keys(services).sort()).toEqual([
      'minio',
      'postgres',
      'steady',
      'temporal',
      'temporal-namespace',
      'temporal-schema',
      'temporal-ui',
    ]);
    for (const [name, { image, restart, ports = [] }] of Object.entries(services)) {
      expect([name, image]).toEqual([name, expect.stringMatching(/:[^:]*\d+\.\d+|:RELEASE\.\d{4}-/)]);
      expect([name, restart]).toEqual([name, expect.stringMatching(/^(unless-stopped|on-failure)$/)]);
      // Whoever reaches Temporal can start anything.
      for (const port of ports) expect([name, port.host_ip]).toEqual([name, '127.0.0.1']);
    }
    for (const name of ['postgres', 'temporal', 'minio', 'steady'])
      expect([name, services[name]?.healthcheck]).toEqual([name, expect.anything()]);
    // Limits are a worker's own: a second one would take the other half of a small server.
    expect(services['steady']?.deploy?.replicas ?? 1).toBe(1);
    const release = (name: string): string | undefined => services[name]?.image.split(':')[1];
    expect(release('temporal-schema')).toBe(release('temporal'));
  });

  it('begins with no password of its own: one that is not set is named', async () => {
    await expect(docker(...config('--quiet'))).rejects.toThrow(/set it in \.env, see docker\/env\.example/);
  });
});
