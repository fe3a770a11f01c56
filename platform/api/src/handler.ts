import { platformError } from './errors.ts';

export interface HandlerName {
  /** Path below /opt/nuclio. */
  file: string;
  /** Name of the exported function. */
  entry: string;
}

const PATH = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;
const SCRIPT = /\.[cm]?[jt]s$/;

/** The runtime's name without its version: `nodejs` of `nodejs:26`. */
export function runtimeNameOf(runtime: string | undefined): string {
  return (runtime ?? '').split(':')[0] ?? '';
}

/**
 * Reads `spec.handler` of a JavaScript function: `file:function`, `file.js:function` or `function` alone, which is in handler.js.
 * @throws AMP_FUNCTION_INVALID where the file would lie outside of the folder of handlers
 */
export function javascriptHandlerOf(handler: string | undefined): HandlerName {
  const parts = (handler === undefined || handler === '' ? 'handler' : handler).split(':');
  const entry = parts.at(-1) ?? 'handler';
  const file = parts.length === 1 ? 'handler' : (parts[0] ?? '');
  if (parts.length > 2 || entry === '' || !PATH.test(file)) {
    throw platformError('AMP_FUNCTION_INVALID', {
      what: `Handler ${handler} is not valid`,
      fix: 'Write it as file:function, for example main:handler.',
    });
  }
  return { file: SCRIPT.test(file) ? file : `${file}.js`, entry };
}
