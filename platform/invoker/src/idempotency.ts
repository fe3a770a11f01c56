import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { invokerError } from './errors.ts';

const UUID_BYTES = 16;

/**
 * The id of the invocation that a key stands for: the same for the same caller and function, so that keys need no store of their own. Who
 * does not have the secret cannot tell it, though keys can be guessed. A UUID of version 8: https://www.rfc-editor.org/rfc/rfc9562#section-5.8
 */
export function idOfKey(secret: string, scope: { functionName: string; caller: string; key: string }): string {
  const { functionName, caller, key } = scope;
  const bytes = createHmac('sha256', secret)
    .update(JSON.stringify([functionName, caller, key]))
    .digest()
    .subarray(0, UUID_BYTES);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Who asks, as the gateway has found out, or as they say themselves where nobody checked. */
export function callerOf(headers: IncomingHttpHeaders): string {
  const named = headers['x-ampoule-caller'];
  return typeof named === 'string' ? `caller ${named}` : `authorization ${headers.authorization ?? ''}`;
}

/** Tells a request from others with the same key. */
export function fingerprintOf({ method, path, body }: { method: string; path: string; body: Uint8Array }): string {
  return createHash('sha256')
    .update(JSON.stringify([method, path]))
    .update(body)
    .digest('base64url');
}

/** https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header#section-2.7 */
export function keyReused() {
  return invokerError('AMP_INVOKER_KEY_REUSED', {
    what: 'The Idempotency-Key was used for another request',
    fix: 'Send another key, or the same method, path and body as the first time.',
  });
}

export function keyBusy() {
  return invokerError('AMP_INVOKER_KEY_BUSY', {
    what: 'Another request with the same Idempotency-Key is being taken',
    fix: 'Send it again in a moment.',
  });
}
