import { platformError } from './errors.ts';

export interface HandlerName {
  /** Path below /opt/nuclio. */
  file: string;
  /** Name of the exported function. */
  entry: string;
}

const PATH = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/;
const SCRIPT = /\.[cm]?[jt]s$/;

const PYTHON = /\.py$/;
const SHELL = /\.sh$/;

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

/**
 * The file below /opt/nuclio that holds the code of a function, where the code is one file.
 * @throws AMP_FUNCTION_INVALID where the file would lie outside of the folder of handlers
 */
export function handlerFileOf(runtime: string | undefined, handler: string | undefined): string {
  switch (runtimeNameOf(runtime)) {
    case 'python': {
      const module = (handler ?? '').split(':')[0]?.replace(PYTHON, '').replaceAll('.', '/') || 'main';
      return inside(`${module}.py`, handler, 'module:function, for example main:handler');
    }
    case 'shell': {
      const file = (handler || 'main.sh').replace(/:[^:/]*$/, '');
      return inside(SHELL.test(file) ? file : '', handler, 'the name of a script that ends in .sh, for example main.sh');
    }
    case 'java': {
      const name = (handler ?? '').split(':').at(-1)?.replaceAll('.', '/') || 'Handler';
      return inside(`${name}.java`, handler, 'the name of a class, for example Handler or my.company.Handler');
    }
    default:
      return javascriptHandlerOf(handler).file;
  }
}

function inside(file: string, handler: string | undefined, form: string): string {
  if (PATH.test(file)) return file;
  throw platformError('AMP_FUNCTION_INVALID', { what: `Handler ${handler} is not valid`, fix: `Write it as ${form}.` });
}
