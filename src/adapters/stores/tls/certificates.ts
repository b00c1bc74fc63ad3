import { X509Certificate } from 'node:crypto';
import type { CheckLine } from '../port.js';
import { connectTls, type TlsServer } from './connect.js';
import { readPems } from './files.js';

/** Certificates of authorities that renew by themselves (ACME) are renewed with 30 days left. */
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;

/** Until when the certificates of both sides are valid: a line of `steady check`. Throws as {@link connectTls}. */
export async function certificateLine(server: TlsServer, signal: AbortSignal): Promise<CheckLine> {
  const { cert } = await readPems(server.tls);
  const link = await connectTls(server, signal);
  const ends = [
    { whose: 'the certificate of the store', until: new Date(link.getPeerCertificate().valid_to) },
    ...(cert
      ? [{ whose: 'our client certificate', until: new Date(new X509Certificate(cert).validTo) }]
      : []),
  ];
  const protocol = link.getProtocol() ?? 'TLS';
  link.destroy();
  const soon = ends.filter(({ until }) => until.getTime() - Date.now() < SOON_DAYS * DAY_MS);
  const said = (of: typeof ends): string =>
    of.map(({ whose, until }) => `${whose} ends ${until.toISOString().slice(0, 10)}`).join(', ');
  if (soon.length === 0) return { what: 'tls', status: 'ok', message: `${protocol}; ${said(ends)}` };
  const hint = 'Renew it before: from that day on there is neither a backup nor a restore.';
  return { what: 'tls', status: 'warning', message: said(soon), hint };
}
