import { describe, expect, it } from 'vitest';
import { s3StorageSchema } from '../../../src/contracts/stack/storage.js';
import { shellCommand } from '../../../src/adapters/storage/s3/shell-command.js';

describe('the shell command for an object in S3', () => {
  it('is short for AWS', () => {
    const config = s3StorageSchema.parse({ bucket: 'backups', region: 'eu-central-1' });
    expect(shellCommand(config, 'demo/data/db/a.zst')).toBe(
      `aws s3 cp --only-show-errors --region 'eu-central-1' 's3://backups/demo/data/db/a.zst' -`,
    );
  });

  it('names endpoint and CA where there are any, and quotes the key', () => {
    const config = s3StorageSchema.parse({
      bucket: 'backups',
      endpoint: 'https://minio.internal:9000',
      ca: '/etc/ca.pem',
    });
    expect(shellCommand(config, "demo/it's")).toBe(
      `aws s3 cp --only-show-errors --endpoint-url 'https://minio.internal:9000' --ca-bundle '/etc/ca.pem' ` +
        `--region 'us-east-1' 's3://backups/demo/it'\\''s' -`,
    );
  });

  it('asks for the oldest version where objects are locked', () => {
    const config = s3StorageSchema.parse({ bucket: 'backups' });
    expect(shellCommand(config, 'demo/a', { oldest: true })).toBe(
      `aws s3api get-object --region 'us-east-1' --bucket 'backups' --key 'demo/a' --version-id ` +
        `"$(aws s3api list-object-versions --region 'us-east-1' --bucket 'backups' --prefix 'demo/a' ` +
        `--query 'Versions[?Key==\`"demo/a"\`].VersionId | [-1]' --output json | tr -d '"')" /dev/fd/3 3>&1 >/dev/null`,
    );
  });
});
