import { errorsOf } from '@ampoule/lib/errors';

export const gatewayErrorCodes = {
  AMP_CADDY_UNREACHABLE: "Caddy's admin API did not answer.",
  AMP_CADDY_REFUSED: 'Caddy refused a configuration that the gateway made.',
} as const;

export const gatewayError = errorsOf(gatewayErrorCodes);
