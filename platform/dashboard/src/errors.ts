import { AmpouleError, errorsOf } from '@ampoule/lib/errors';

export const dashboardErrorCodes = {
  AMP_TOKEN_WRONG: 'A call of the dashboard API shows no token, or a wrong one.',
  AMP_REQUEST_INVALID: 'A call of the dashboard API lacks something, or has a value that cannot be.',
  AMP_WAIT_TIMEOUT: 'A function did not become ready, nor fail, in the time that a call waits for it.',
  AMP_INVOKE_FAILED: 'A function could not be called through the dashboard.',
} as const;

export const dashboardError = errorsOf(dashboardErrorCodes);

/** The HTTP status of each error that callers can cause; all else is 500. */
const statuses: Record<string, number> = {
  AMP_TOKEN_WRONG: 401,
  AMP_REQUEST_INVALID: 400,
  AMP_INPUT_INVALID: 400,
  AMP_FUNCTION_INVALID: 400,
  AMP_FUNCTION_NAME_RESERVED: 412,
  AMP_FUNCTION_NOT_FOUND: 404,
  AMP_FUNCTION_EXISTS: 409,
  AMP_FUNCTION_STALE: 409,
  AMP_FUNCTION_BUSY: 412,
  AMP_PROJECT_NOT_FOUND: 412,
  AMP_PROJECT_EXISTS: 409,
  AMP_KUBE_UNREACHABLE: 503,
  AMP_INVOKE_FAILED: 502,
};

export function statusOf(error: unknown): number {
  return error instanceof AmpouleError ? (statuses[error.code] ?? 500) : 500;
}
