import type { S3StorageConfig } from '../../../contracts/stack/storage.js';
import { shellQuote } from '../shell-quote.js';

/**
 * The AWS CLI's command that writes an object to stdout; credentials come from its own environment or profile. Where
 * objects are locked it asks for the oldest version of the key: a newer one, or a delete marker, may lie over it.
 */
export function shellCommand(
  config: S3StorageConfig,
  fullKey: string,
  { oldest }: { readonly oldest: boolean } = { oldest: false },
): string {
  const place = [
    ...(config.endpoint === undefined ? [] : ['--endpoint-url', shellQuote(config.endpoint)]),
    ...(config.ca === undefined ? [] : ['--ca-bundle', shellQuote(config.ca)]),
    ...['--region', shellQuote(config.region)],
  ].join(' ');
  if (!oldest)
    return `aws s3 cp --only-show-errors ${place} ${shellQuote(`s3://${config.bucket}/${fullKey}`)} -`;
  const bucket = `--bucket ${shellQuote(config.bucket)}`;
  // As JSON: with text, the CLI would apply the query to each page of a long listing by itself.
  const query = shellQuote(`Versions[?Key==\`${JSON.stringify(fullKey)}\`].VersionId | [-1]`);
  const id = `aws s3api list-object-versions ${place} ${bucket} --prefix ${shellQuote(fullKey)} --query ${query} --output json | tr -d '"'`;
  // The command prints an answer of its own to stdout, which must not get among the bytes.
  return `aws s3api get-object ${place} ${bucket} --key ${shellQuote(fullKey)} --version-id "$(${id})" /dev/fd/3 3>&1 >/dev/null`;
}
