import { errorsOf } from '@ampoule/lib/errors';

export const signingErrorCodes = {
  AMP_BUNDLE_SIGNATURE: 'The bundle is not signed by the key that this site trusts, or it was changed after it was signed.',
  AMP_BUNDLE_SIGNATURE_MISSING: 'The bundle holds no signature.',
  AMP_BUNDLE_KEY_INVALID: 'A file that should hold an Ed25519 key in PEM does not hold one.',
  AMP_BUNDLE_KEY_EXPOSED: 'The file of a private key can be read by others than its owner.',
  AMP_BUNDLE_KEY_EXISTS: 'There is a key already where a new one should be written; keys are never overwritten.',
} as const;

export const signingError = errorsOf(signingErrorCodes);
