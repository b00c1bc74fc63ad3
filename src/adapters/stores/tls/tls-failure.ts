import { SteadyError, type FailureCode } from '../../../contracts/failures.js';

/** Codes of X509_verify_cert (Node.js manual, "X509 certificate error codes") and of OpenSSL's alerts (RFC 8446, 6). */
const KINDS: readonly (readonly [FailureCode, RegExp])[] = [
  ['store.tls-name', /^ERR_TLS_CERT_ALTNAME/],
  ['store.tls-expired', /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/],
  [
    'store.tls-unknown',
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|INVALID_|PATH_LENGTH)/,
  ],
  [
    'store.tls-client',
    /_ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|DECRYPT_ERROR|HANDSHAKE_FAILURE)/,
  ],
  ['store.tls-none', /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE)/],
  ['store.tls-files', /^ERR_OSSL_/],
];

/** What became of a connection or of its handshake, as an error of ours. */
export function tlsFailure(error: NodeJS.ErrnoException, at: string): SteadyError {
  if (error instanceof SteadyError) return error;
  const code = KINDS.find(([, codes]) => codes.test(error.code ?? ''))?.[0] ?? 'store.unreachable';
  return new SteadyError(code, { at, says: reasonIn(error) }, { cause: error });
}

/** OpenSSL says `id:error:number:library:function:reason:file:line`. */
function reasonIn({ message }: Error): string {
  const reason = /:error:[^:]*:[^:]*:[^:]*:([^:]+):/.exec(message)?.[1] ?? message;
  return reason.trim().slice(0, 300);
}
