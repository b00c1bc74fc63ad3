import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Files of a certificate and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** File with its own certificate. */
  readonly ca: string;
  /** @param names subjectAltName, such as `IP:127.0.0.1` or `DNS:db.example.org` */
  issue(subject: string, names?: string, options?: { readonly expired?: boolean }): Certificate;
}

const FRESH = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];

/** An authority of its own in a folder, made by openssl. */
export function makeAuthority(folder: string): Authority {
  mkdirSync(folder, { recursive: true });
  const openssl = (...args: string[]): unknown =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  openssl(
    'req',
    '-x509',
    ...FRESH,
    '-days',
    '2',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    `/CN=${basename(folder)} CA`,
  );
  let issued = 0;
  return {
    ca: join(folder, 'ca.pem'),
    issue(subject, names, { expired = false } = {}) {
      const [key, request, cert] = ['key', 'csr', 'pem'].map((ending) => `${issued}.${ending}`) as [
        string,
        string,
        string,
      ];
      issued++;
      const extensions = names === undefined ? [] : ['-addext', `subjectAltName=${names}`];
      openssl('req', ...FRESH, '-keyout', key, '-out', request, '-subj', `/CN=${subject}`, ...extensions);
      const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy'];
      openssl('x509', '-req', '-in', request, '-out', cert, ...by, '-days', expired ? '-1' : '2');
      return { cert: join(folder, cert), key: join(folder, key) };
    },
  };
}
