import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface MailServer {
  readonly port: number;
  /** Mails as they came, whole. */
  readonly mails: {
    readonly from: string;
    readonly to: string[];
    readonly user: string;
    readonly text: string;
    readonly secure: boolean;
  }[];
  close(): Promise<void>;
}

/** A real SMTP server on a free port of this machine, which lets one account in. */
export async function startMailServer(options: {
  readonly user: string;
  readonly password: string;
  readonly tls: { readonly key: Buffer; readonly cert: Buffer };
  /** Receivers it has no room for now, or does not know. */
  readonly refuses?: (receiver: string) => { readonly code: number; readonly words: string } | undefined;
}): Promise<MailServer> {
  const mails: MailServer['mails'] = [];
  const server = new SMTPServer({
    ...options.tls,
    onAuth({ username, password }, _session, done) {
      if (username === options.user && password === options.password) return done(null, { user: username });
      return done(new Error(`no such password: ${password ?? ''}`));
    },
    onRcptTo({ address }, _session, done) {
      const refused = options.refuses?.(address);
      done(refused && Object.assign(new Error(refused.words), { responseCode: refused.code }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map((one) => one.address),
          user: String(session.user),
          text: Buffer.concat(chunks).toString('utf8'),
          secure: session.secure,
        });
        done();
      });
    },
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    close: () => new Promise((closed) => server.close(() => closed())),
  };
}
