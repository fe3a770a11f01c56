import { AmpouleError, errorsOf } from '@ampoule/lib/errors';
import { refusedStatusOf } from '@ampoule/platform-api/kube/client';

export const dashboardErrorCodes = {
  AMP_TOKEN_WRONG: 'A call of the dashboard API shows no token, or a wrong one.',
  AMP_REQUEST_INVALID: 'A call of the dashboard API lacks something, or has a value that cannot be.',
  AMP_WAIT_TIMEOUT: 'A function did not become ready, nor fail, in the time that a call waits for it.',
  AMP_INVOKE_FAILED: 'A function could not be called through the dashboard.',
  AMP_FUNCTION_CONDITION: 'A function is not in the condition that the change asked for needs; the message says what is in the way.',
  AMP_VERSION_NOT_FOUND: 'A function is to go back to a version that is not kept.',
  AMP_ALIAS_NOT_FOUND: 'A function has no alias of this name.',
  AMP_PROJECT_IN_USE: 'A project that has functions or API gateways, or that is the default one, cannot be removed.',
  AMP_INGRESS_IN_USE: 'Another ingress has the host and path that an API gateway asks for.',
  AMP_SECRET_IN_USE: 'A secret that functions have cannot be removed.',
  AMP_TEMPLATE_INVALID: 'A template of functions in the folder of templates cannot be read.',
  AMP_INVOKER_AWAY: 'The invoker, which keeps asynchronous invocations, is not there or does not answer.',
  AMP_NOT_SUPPORTED: 'A call of the dashboard API asks for a part of Nuclio that needs a product which is not here.',
} as const;

export const dashboardError = errorsOf(dashboardErrorCodes);

/** The HTTP status of each error that callers can cause; all else is 500. */
const statuses: Record<string, number> = {
  AMP_TOKEN_WRONG: 401,
  AMP_REQUEST_INVALID: 400,
  AMP_INPUT_INVALID: 400,
  AMP_FUNCTION_INVALID: 400,
  AMP_SECRET_MISSING: 400,
  AMP_FUNCTION_NAME_RESERVED: 412,
  AMP_FUNCTION_NOT_FOUND: 404,
  AMP_FUNCTION_EXISTS: 409,
  AMP_FUNCTION_STALE: 409,
  AMP_FUNCTION_BUSY: 412,
  AMP_FUNCTION_CONDITION: 412,
  AMP_VERSION_NOT_FOUND: 404,
  AMP_ALIAS_NOT_FOUND: 404,
  AMP_PROJECT_NOT_FOUND: 404,
  AMP_PROJECT_MISSING: 412,
  AMP_PROJECT_EXISTS: 409,
  AMP_PROJECT_IN_USE: 412,
  AMP_API_GATEWAY_INVALID: 400,
  AMP_API_GATEWAY_NAME_RESERVED: 412,
  AMP_INGRESS_IN_USE: 412,
  AMP_SECRET_IN_USE: 412,
  AMP_RESOURCE_NOT_FOUND: 404,
  AMP_RESOURCE_EXISTS: 409,
  AMP_RESOURCE_STALE: 409,
  AMP_KUBE_UNREACHABLE: 503,
  AMP_INVOKE_FAILED: 502,
  AMP_INVOKER_AWAY: 503,
  AMP_NOT_SUPPORTED: 501,
};

/** What Kubernetes refuses for a reason that lies with the caller. */
const refused: Record<number, number> = { 400: 400, 403: 403, 404: 404, 422: 400 };

export function statusOf(error: unknown): number {
  const status = refusedStatusOf(error);
  if (status !== undefined) return refused[status] ?? 500;
  return error instanceof AmpouleError ? (statuses[error.code] ?? 500) : 500;
}

/** A request that has to be corrected. */
export function invalidRequest(what: string): AmpouleError {
  return dashboardError('AMP_REQUEST_INVALID', { what, fix: 'Correct the request, then send it again.' });
}
