import type { FunctionSpec } from './function.ts';

/** Whether a function brings code to make an image of. */
export function bringsCode({ build }: Pick<FunctionSpec, 'build'>): boolean {
  const { codeEntryType, functionSourceCode, path } = build ?? {};
  if (codeEntryType === 'image') return false;
  // A bucket is named by attributes; its server need not be.
  return Boolean(functionSourceCode) || Boolean(path) || codeEntryType === 's3';
}
