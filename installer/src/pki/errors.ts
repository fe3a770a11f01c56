import { errorsOf } from '@ampoule/lib/errors';

export const pkiErrorCodes = {
  AMP_PKI_CLOCK_BEFORE_BUNDLE: 'The clock of the host is before the date of the bundle, so that new certificates would carry wrong dates.',
  AMP_PKI_KEY_MISSING: 'The private key of a certificate authority is not there, but something has to be signed with it.',
  AMP_PKI_KEY_INVALID: 'A private key of the appliance cannot be read.',
  AMP_PKI_PAIR_MISMATCH: 'A private key of the appliance does not belong to the certificate beside it.',
  AMP_PKI_KUBECONFIG: 'A kubeconfig file holds no certificate authority in the form that Ampoule expects.',
} as const;

export const pkiError = errorsOf(pkiErrorCodes);
