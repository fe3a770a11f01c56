import { errorsOf } from '@ampoule/lib/errors';

export const hostErrorCodes = {
  AMP_HOST_ADDRESS_UNKNOWN: 'No IPv4 address of this host could be found for the cluster to use.',
  AMP_HOST_NAME_UNKNOWN: 'The host has no name that a node of the cluster could carry.',
  AMP_NOT_INSTALLED: 'There is neither an Ampoule on this host nor anything left of one.',
  AMP_SUPPORT_FILE: 'The support bundle could not be written to the file that was named.',
} as const;

export const hostError = errorsOf(hostErrorCodes);
