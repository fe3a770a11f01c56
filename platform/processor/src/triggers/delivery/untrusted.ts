import { codeOf } from '@ampoule/lib/errors';

const TLS_CODE = /^(?:CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** Whether a connection failed because the certificate of the other side is not trusted, which no further attempt changes. */
export function isUntrusted(error: unknown): boolean {
  return TLS_CODE.test(codeOf(error) ?? '');
}
