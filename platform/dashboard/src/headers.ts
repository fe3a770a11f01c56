import type { IncomingHttpHeaders } from 'node:http';

/** Headers of Nuclio's API, in the small letters in which Node.js gives them. */
export const headers = {
  functionNamespace: 'x-nuclio-function-namespace',
  functionName: 'x-nuclio-function-name',
  projectNamespace: 'x-nuclio-project-namespace',
  projectName: 'x-nuclio-project-name',
  wait: 'x-nuclio-wait-function-action',
  ignoreState: 'x-nuclio-delete-function-ignore-state-validation',
  path: 'x-nuclio-path',
  invokeUrl: 'x-nuclio-invoke-url',
  invokeTimeout: 'x-nuclio-invoke-timeout',
  target: 'x-nuclio-target',
} as const;

/** The value of a header, or undefined where it is absent or empty. */
export function headerOf(all: IncomingHttpHeaders, name: string): string | undefined {
  const value = all[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
