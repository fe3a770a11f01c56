import { AmpouleError } from '@ampoule/lib/errors';

/** The API server calls it an error of its own (500) where an object has fields that it does not know, or of other types. */
const UNTYPED = /^failed to create typed patch object/;

/** Such errors come again however often the same is tried: the function, or what the platform adds to it, has to be changed. */
export function isMistake(error: unknown): error is AmpouleError {
  if (!(error instanceof AmpouleError)) return false;
  if (error.code === 'AMP_INPUT_INVALID' || error.code === 'AMP_FUNCTION_INVALID') return true;
  return error.code === 'AMP_KUBE_REFUSED' && (/with (400|422)$/.test(error.what) || UNTYPED.test(error.why ?? ''));
}
