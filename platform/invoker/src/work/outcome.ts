/** How a call of a function ended. */
export type Outcome =
  | { kind: 'answered'; statusCode: number; headers: Record<string, string>; body: Uint8Array; retryAfterMs: number | undefined }
  /** No answer, or none that can be kept. */
  | { kind: 'failed'; code: FailureCode; message: string; isFinal: boolean; statusCode?: number };

export type FailureCode = 'AMP_INVOKER_UNREACHABLE' | 'AMP_INVOKER_TIMEOUT' | 'AMP_INVOKER_RESULT_TOO_LARGE' | 'AMP_INVOKER_INTERRUPTED';

const TOO_MANY_REQUESTS = 429;
const FIRST_SERVER_ERROR = 500;

/** Whether an answer is one that another attempt may better. */
export function asksForRetry(statusCode: number): boolean {
  return statusCode === TOO_MANY_REQUESTS || statusCode >= FIRST_SERVER_ERROR;
}
