import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '@ampoule/lib/errors';
import { javascriptHandlerOf } from '@ampoule/platform-api/handler';
import { processorError } from '../../errors.ts';
import type { Context } from './context.ts';
import type { AnyEvent } from './event.ts';

export type Handler = (context: Context, event: AnyEvent | AnyEvent[]) => unknown;
export type InitContext = (context: Context) => unknown;

export interface LoadedHandler {
  handler: Handler;
  initContext: InitContext | undefined;
}

/**
 * Loads a handler's module, CommonJS or ESM, and finds what it exports.
 * @throws AMP_HANDLER_LOAD, AMP_HANDLER_MISSING
 */
export async function loadHandler(folder: string, name: string | undefined): Promise<LoadedHandler> {
  const { file, entry } = javascriptHandlerOf(name);
  const path = join(folder, file);
  const module = await importModule(path);
  const handler = exported(module, entry);
  if (typeof handler !== 'function') {
    const names = [...new Set([...Object.keys(module), ...Object.keys(Object(module.default))])];
    throw processorError('AMP_HANDLER_MISSING', {
      what: `${path} does not export a function ${entry}`,
      why: `it exports ${names.join(', ') || 'nothing'}`,
      fix: `Export it as "export function ${entry}(context, event)" or "exports.${entry} = ...", or correct spec.handler.`,
    });
  }
  const init = exported(module, 'initContext');
  return { handler: handler as Handler, initContext: typeof init === 'function' ? (init as InitContext) : undefined };
}

async function importModule(path: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    throw processorError('AMP_HANDLER_LOAD', {
      what: `${path} cannot be loaded`,
      why: cause instanceof Error && cause.stack !== undefined ? cause.stack : messageOf(cause),
      fix: 'Correct the code of the function, then deploy it again.',
      cause,
    });
  }
}

/** Names that a CommonJS module assigns in a way that cannot be seen from outside are found on its default export alone. */
function exported(module: Record<string, unknown>, name: string): unknown {
  return module[name] ?? (Object(module.default) as Record<string, unknown>)[name];
}
