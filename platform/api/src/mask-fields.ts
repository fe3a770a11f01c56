import type { PlatformConfig } from './platform-config.ts';

/** Whether the value of a field is to be seen by nobody; a path is `/spec/triggers/t/password` or `/spec/env[0]/value`. */
export type FieldTest = (path: string, value: unknown) => boolean;

export const REFERENCE = '$ref:';

/** What a masked field has in place of its value. Small letters, as in Nuclio. */
export function referenceOf(path: string): string {
  return `${REFERENCE}${path.toLowerCase()}`;
}

/** Nuclio's, and those of kinds of triggers that have further ones here. What a cron trigger sends is no field of its own. */
const FIELDS: readonly RegExp[] = [
  '^/spec/build/codeentryattributes/(password|s3secretaccesskey|s3sessiontoken)$',
  '^/spec/build/codeentryattributes/headers/(authorization|proxy-authorization|cookie|.*(token|key|secret|password))$',
  '^/spec/triggers/(?!.+/attributes/event/).+/(password|secret)$',
  '^/spec/triggers/.+/attributes/(token|accesskeyid|secretaccesskey|sessiontoken|cacert|accesskey|accesscertificate|sharedaccesskeyvalue)$',
  '^/spec/triggers/.+/attributes/sasl/oauth/clientsecret$',
  '^/spec/triggers/.+/attributes/(credentials|privatekey)/contents$',
  '^/spec/databindings/.+/(secret|password|sharedaccesskeyvalue)$',
  '^/metadata/annotations/nuclio\\.io/kafka-(ca-cert|access-key|access-cert|sasl-password|sasl-oauth-client-secret|sasl-oauth-token-url)$',
].map(insensitive);

/** These can hold a user's name and password, also in addresses that are wrong but understood, such as `https:me:secret@host`. */
const URLS = insensitive('^/spec/(build/path|triggers/.+/(url|attributes/(url|brokers|servers)(\\[\\d+\\])?))$');
const USER_IN_URL = /:[/\\]*[^/\\?#:]*@/;

/** The test that a platform configuration asks for. Without masking, only references are known. */
export function sensitiveFieldsOf({ sensitiveFields: { customSensitiveFields } }: Pick<PlatformConfig, 'sensitiveFields'>): FieldTest {
  const patterns = [...FIELDS, ...customSensitiveFields.map(insensitive)];
  return (path, value) => {
    if (patterns.some((pattern) => pattern.test(path))) return true;
    return URLS.test(path) && typeof value === 'string' && (value.startsWith(REFERENCE) || USER_IN_URL.test(value));
  };
}

function insensitive(pattern: string): RegExp {
  return new RegExp(pattern, 'i');
}
