import type { IncomingHttpHeaders } from 'node:http';

/** Headers of Nuclio's API and ours, in the small letters in which Node.js gives them. */
export const headers = {
  functionNamespace: 'x-nuclio-function-namespace',
  functionName: 'x-nuclio-function-name',
  enrichApiGateways: 'x-nuclio-function-enrich-apigateways',
  /** In spite of its name the spec is cleaned up when this is set. */
  specCleanup: 'x-nuclio-skip-spec-cleanup',
  projectNamespace: 'x-nuclio-project-namespace',
  projectName: 'x-nuclio-project-name',
  deleteStrategy: 'x-nuclio-delete-project-strategy',
  wait: 'x-nuclio-wait-function-action',
  creationTimeout: 'x-nuclio-creation-state-updated-timeout',
  /** Ours, as are secrets for functions. */
  secretNamespace: 'x-ampoule-secret-namespace',
  /** Ours: exports have the secrets of functions too, as a backup needs them. */
  exportSecrets: 'x-ampoule-export-secrets',
  autofix: 'x-nuclio-autofix-function-configuration',
  importedOnly: 'x-nuclio-imported-function-only',
  verifyRegistry: 'x-nuclio-verify-external-registry',
  ignoreState: 'x-nuclio-delete-function-ignore-state-validation',
  withApiGateways: 'x-nuclio-delete-function-with-api-gateways',
  eventNamespace: 'x-nuclio-function-event-namespace',
  eventName: 'x-nuclio-function-event-name',
  gatewayNamespace: 'x-nuclio-api-gateway-namespace',
  validateFunctions: 'x-nuclio-agw-validate-functions-existence',
  filterContains: 'x-nuclio-filter-contains',
  path: 'x-nuclio-path',
  invokeUrl: 'x-nuclio-invoke-url',
  invokeTimeout: 'x-nuclio-invoke-timeout',
  logLevel: 'x-nuclio-log-level',
  logs: 'x-nuclio-logs',
  target: 'x-nuclio-target',
  /** Of asynchronous invocations, which Nuclio does not have. */
  prefer: 'prefer',
  asyncFunction: 'x-ampoule-function',
  callback: 'x-ampoule-callback',
  maxAttempts: 'x-ampoule-max-attempts',
  idempotencyKey: 'idempotency-key',
} as const;

export type HeaderName = (typeof headers)[keyof typeof headers];

/** The value of a header, or undefined where it is absent or empty. */
export function headerOf(all: IncomingHttpHeaders, name: string): string | undefined {
  const value = all[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
