import { errorsOf } from '@ampoule/lib/errors';

export const bundleErrorCodes = {
  AMP_BUNDLE_COMPONENT: 'A component of the bundle could not be built or fetched; the message names it.',
  AMP_BUNDLE_PIN: 'A component does not have the digest or version that it is pinned to.',
  AMP_BUNDLE_CLOSURE: 'Something in the appliance can ask for an image that is not in the bundle.',
  AMP_BUNDLE_READ_ONLY: 'The launcher has no folder that it could unpack its own programs to and run them from.',
  AMP_BUNDLE_NOT_FOUND: 'The folder given is not an unpacked bundle.',
  AMP_BUNDLE_FILE_MISSING: 'A file that the manifest of the bundle lists is not there.',
  AMP_BUNDLE_FILE_TRUNCATED: 'A file of the bundle is shorter or longer than its manifest says.',
  AMP_BUNDLE_FILE_CORRUPT: 'A file of the bundle does not have the digest that its manifest says.',
} as const;

export const bundleError = errorsOf(bundleErrorCodes);
