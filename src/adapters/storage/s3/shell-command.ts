import type { S3StorageConfig } from '../../../contracts/stack/storage.js';
import { shellQuote } from '../shell-quote.js';

/** The AWS CLI's command that writes an object to stdout; credentials come from its own environment or profile. */
export function shellCommand(config: S3StorageConfig, fullKey: string): string {
  return [
    'aws s3 cp --only-show-errors',
    config.endpoint === undefined ? undefined : `--endpoint-url ${shellQuote(config.endpoint)}`,
    config.ca === undefined ? undefined : `--ca-bundle ${shellQuote(config.ca)}`,
    `--region ${shellQuote(config.region)}`,
    shellQuote(`s3://${config.bucket}/${fullKey}`),
    '-',
  ]
    .filter((word) => word !== undefined)
    .join(' ');
}
