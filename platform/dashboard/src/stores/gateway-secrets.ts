import { maskFunction, restoreFunction, withoutSecrets } from '@ampoule/platform-api/mask';
import { type FieldTest, referenceOf } from '@ampoule/platform-api/mask-fields';
import type { Draft, Stored } from './resource-store.ts';

/** The only secret of an API gateway: of access keys it has the hashes, and all else in it is public. */
const PASSWORD = referenceOf('/spec/authentication/basicAuth/password');
const isPassword: FieldTest = (path) => referenceOf(path) === PASSWORD;

/** A gateway as callers see it. */
export function maskedGateway(gateway: Stored): Stored {
  return maskFunction(gateway, isPassword).masked;
}

/** A gateway as it leaves the cluster without its password. */
export function openGateway(gateway: Stored): Stored {
  return withoutSecrets(gateway, isPassword);
}

/** What was read can be sent back: a reference stands for the password that the gateway has now. @throws AMP_SECRET_MISSING */
export function withPasswordOf(draft: Draft, current: Stored | undefined): Draft {
  return restoreFunction(draft, current === undefined ? new Map() : maskFunction(current, isPassword).values, isPassword);
}
