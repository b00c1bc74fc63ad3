import { describe, expect, it } from 'vitest';
import { createStorage } from '../../../src/adapters/storage/index.js';
import { SteadyError } from '../../../src/contracts/failures.js';
import { Secret, type SecretRef } from '../../../src/contracts/secret.js';
import { storageKindSchema, type StorageKindConfig } from '../../../src/contracts/stack/storage.js';

const asked: SecretRef[] = [];
const options = {
  stack: 'demo',
  baseFolder: '/srv/app',
  stallSeconds: 60,
  secrets: {
    resolve: (ref: SecretRef) => {
      asked.push(ref);
      return Promise.resolve(new Secret('value'));
    },
  },
};

describe('the storage a stack names', () => {
  it('is a folder, relative to the stack file', async () => {
    const relative = await createStorage(
      storageKindSchema.parse({ directory: { path: '../backups' } }),
      options,
    );
    expect(relative.location).toBe('/srv/backups/demo');
    const absolute = await createStorage(
      storageKindSchema.parse({ directory: { path: '/mnt/disk' } }),
      options,
    );
    expect(absolute.location).toBe('/mnt/disk/demo');
  });

  it('is a bucket, its credentials resolved by reference', async () => {
    const config = storageKindSchema.parse({
      s3: {
        bucket: 'backups',
        prefix: 'team',
        credentials: { accessKey: { env: 'A' }, secretKey: { file: '/s' } },
      },
    });
    expect((await createStorage(config, options)).location).toBe('s3://backups/team/demo');
    expect(asked).toEqual([{ env: 'A' }, { file: '/s' }]);
  });

  it('fails when the CA file cannot be read', async () => {
    const config = storageKindSchema.parse({ s3: { bucket: 'backups', ca: 'no-such-ca.pem' } });
    await expect(createStorage(config, options)).rejects.toThrow(
      /field=storage.main.s3.ca .*\/srv\/app\/no-such-ca.pem/,
    );
  });

  it('is never guessed: an unknown kind throws', async () => {
    const unknown = { floppy: {} } as unknown as StorageKindConfig;
    await expect(createStorage(unknown, options)).rejects.toThrow(SteadyError);
    await expect(createStorage(unknown, options)).rejects.toThrow('[field=storage.main found=floppy]');
  });
});
