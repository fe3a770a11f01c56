import { codeOf } from '@ampoule/lib/errors';

/** Answers that the next attempt would get as well. https://kafka.apache.org/protocol#protocol_error_codes */
const REFUSED = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'INVALID_SESSION_TIMEOUT',
  'INVALID_GROUP_ID',
  'INCONSISTENT_GROUP_PROTOCOL',
]);
const TLS = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO)/;

/** Whether trying again cannot help, by the error or by any that it was made from. */
export function hopeless(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 10) return false;
  if ('apiId' in error && typeof error.apiId === 'string' && REFUSED.has(error.apiId)) return true;
  if (TLS.test(codeOf(error) ?? '')) return true;
  const inner: unknown[] = error instanceof AggregateError ? error.errors : [];
  return inner.some((each) => hopeless(each, depth + 1)) || ('cause' in error && hopeless(error.cause, depth + 1));
}
