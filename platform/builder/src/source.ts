import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { paths } from '@ampoule/platform-api/constants';
import type { FunctionSpec } from '@ampoule/platform-api/function';
import { javascriptHandlerOf, runtimeNameOf } from '@ampoule/platform-api/handler';
import { builderError } from './errors.ts';

/** Whether a function has code to build; without, its image is used as it is. */
export function needsBuild({ build }: FunctionSpec): boolean {
  return build?.codeEntryType !== 'image' && (Boolean(build?.functionSourceCode) || Boolean(build?.path));
}

/** The image that a runtime's functions stand on. @throws AMP_BUILD_RUNTIME */
export function baseImageOf({ runtime }: FunctionSpec, images: Record<string, string>): string {
  const image = images[runtimeNameOf(runtime)];
  if (image !== undefined) return image;
  throw builderError('AMP_BUILD_RUNTIME', {
    what: `Runtime ${runtime || '(none)'} is not supported`,
    fix: `Use one of: ${Object.keys(images).join(', ')}.`,
  });
}

/** The files of a function, as they are to lie in its image. @throws AMP_BUILD_SOURCE, AMP_FUNCTION_INVALID */
export function sourceFilesOf({ build, handler }: FunctionSpec): LayerEntry[] {
  const { codeEntryType = 'sourceCode', functionSourceCode } = build ?? {};
  if (codeEntryType !== '' && codeEntryType !== 'sourceCode') {
    throw builderError('AMP_BUILD_SOURCE', {
      what: `Code entry type ${codeEntryType} is not supported`,
      fix: 'Give the code in spec.build.functionSourceCode (codeEntryType sourceCode), or an image in spec.image.',
    });
  }
  if (!functionSourceCode) {
    throw builderError('AMP_BUILD_SOURCE', {
      what: 'A build from spec.build.path is not supported',
      fix: 'Give the code in spec.build.functionSourceCode.',
    });
  }
  const path = `${paths.handlers.slice(1)}/${javascriptHandlerOf(handler).file}`;
  return [{ path, content: Buffer.from(functionSourceCode, 'base64') }];
}
