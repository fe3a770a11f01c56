import { errorsOf } from '@ampoule/lib/errors';

export const labErrorCodes = {
  AMP_LAB_MIRROR: 'The archive of a distribution cannot be reached, so no root file system of a sealed host can be made.',
  AMP_LAB_ROOTFS: 'The root file system of a sealed host could not be made.',
  AMP_LAB_NAME: 'The name of a sealed host is not a short host name, or is taken.',
  AMP_LAB_BOOT: 'A sealed host did not come up.',
  AMP_LAB_HOST_DOWN: 'A command was given to a sealed host that is not running.',
  AMP_LAB_COMMAND: 'A command inside a sealed host ended with an error.',
  AMP_LAB_NOT_SEALED: 'Something outside answers to a sealed host, or the probe that would find it does not work.',
  AMP_LAB_REQUEST: 'An HTTP request to a sealed host got no answer.',
  AMP_LAB_CLEANUP: 'Something of a sealed host could not be removed.',
} as const;

export const labError = errorsOf(labErrorCodes);
