import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import type { TlsConfig } from '../../../contracts/stack/tls.js';

/** Where systems keep the authorities they know, as Go's crypto/x509 looks for them (root_linux.go). */
const SYSTEM = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** The same block with absolute paths, for tools that run on the worker. */
export function fromFolder(tls: TlsConfig, folder: string): TlsConfig {
  const absolute = (path: string | undefined) => (path === undefined ? undefined : resolve(folder, path));
  return { ...tls, ca: absolute(tls.ca), cert: absolute(tls.cert), key: absolute(tls.key) };
}

/** File with the authorities: the one given, else that of this machine. Throws `store.tls-files`. */
export function authorities({ ca }: Pick<TlsConfig, 'ca'>): string {
  const file = ca ?? SYSTEM.find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new SteadyError('store.tls-files', { says: 'this machine has no list of authorities: name a ca' });
}

export interface Pems {
  readonly ca: Buffer;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
}

/** Read for each connection, so that renewed ones are taken. Throws `store.tls-files`. */
export async function readPems(tls: TlsConfig): Promise<Pems> {
  const read = (file: string): Promise<Buffer> =>
    readFile(file).catch((error: NodeJS.ErrnoException) => {
      throw new SteadyError('store.tls-files', { file, says: error.code }, { cause: error });
    });
  return {
    ca: await read(authorities(tls)),
    cert: tls.cert === undefined ? undefined : await read(tls.cert),
    key: tls.key === undefined ? undefined : await read(tls.key),
  };
}
