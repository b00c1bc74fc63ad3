import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Secret } from '../../src/contracts/secret.js';
import type { MinioServer } from './minio.js';

export interface RoleCredential {
  readonly accessKey: Secret;
  readonly secretKey: Secret;
  readonly sessionToken: Secret;
}

const POLICIES = new URL('../../examples/policies/minio/', import.meta.url);

/** One of the policies of examples/policies/minio, for this bucket and prefix. */
export function rolePolicy(
  name: string,
  place: { readonly bucket: string; readonly prefix: string },
): string {
  const text = readFileSync(new URL(`${name}.json`, POLICIES), 'utf8');
  const filled = text.replaceAll('BUCKET', place.bucket).replaceAll('PREFIX', place.prefix);
  return JSON.stringify(JSON.parse(filled));
}

/** A real credential of MinIO with the rights of a policy alone (STS AssumeRole with a session policy). */
export async function assumeRole(minio: MinioServer, policy: string): Promise<RoleCredential> {
  const form = { Action: 'AssumeRole', Version: '2011-06-15', DurationSeconds: '3600', Policy: policy };
  const body = new URLSearchParams(form).toString();
  const answer = await fetch(minio.endpoint, { method: 'POST', body, headers: signed(minio, body) });
  const xml = await answer.text();
  const secret = (name: string): Secret => {
    const value = new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1];
    if (value === undefined) throw new Error(`MinIO gives no credential: ${xml}`);
    return new Secret(value);
  };
  return {
    accessKey: secret('AccessKeyId'),
    secretKey: secret('SecretAccessKey'),
    sessionToken: secret('SessionToken'),
  };
}

/** Signature version 4 of a form (AWS General Reference, "Signing AWS API requests"). */
function signed(minio: MinioServer, body: string): Record<string, string> {
  const type = 'application/x-www-form-urlencoded';
  const { host } = new URL(minio.endpoint);
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/us-east-1/sts/aws4_request`;
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const names = 'content-type;host;x-amz-date';
  const headers = `content-type:${type}\nhost:${host}\nx-amz-date:${time}\n`;
  const request = ['POST', '/', '', headers, names, sha256(body)].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(request)].join('\n');
  let key: Buffer | string = `AWS4${minio.secretKey.reveal()}`;
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest();
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return {
    'content-type': type,
    'x-amz-date': time,
    authorization: `AWS4-HMAC-SHA256 Credential=${minio.accessKey.reveal()}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
