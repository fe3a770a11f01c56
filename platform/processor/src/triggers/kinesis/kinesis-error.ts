import type { CallAnswer } from '../delivery/call.ts';

const MAX_TEXT = 300;

/** Rate limits, of a shard or of the account: the same call is allowed later. */
const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'LimitExceededException',
  'ThrottlingException',
  'KMSThrottlingException',
]);
/** What the next attempt would be told as well. */
const REFUSED = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidArgumentException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'KMSAccessDeniedException',
  'MissingAuthenticationTokenException',
  'ResourceNotFoundException',
  'UnknownOperationException',
  'UnrecognizedClientException',
  'ValidationException',
]);

/** A call that Kinesis has answered with an error. https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html */
export class KinesisError extends Error {
  /** Kinesis' name for it, such as ResourceNotFoundException. */
  readonly type: string;

  constructor(type: string, message: string) {
    super(`${type}: ${message}`);
    this.type = type;
  }

  static of({ status, text }: CallAnswer): KinesisError {
    const { __type, message, Message } = objectOf(text);
    // Some servers name the type with its namespace.
    const type = typeof __type === 'string' ? __type.slice(__type.lastIndexOf('#') + 1) : `status ${status}`;
    const said = [message, Message].find((each) => typeof each === 'string');
    return new KinesisError(type, said ?? text.slice(0, MAX_TEXT));
  }
}

export function isThrottled(error: unknown): boolean {
  return error instanceof KinesisError && THROTTLED.has(error.type);
}

/** Whether trying again cannot help. */
export function isRefused(error: unknown): boolean {
  return error instanceof KinesisError && REFUSED.has(error.type);
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
