import { errorsOf } from '@ampoule/lib/errors';

export const partsErrorCodes = {
  AMP_PART_MISSING: 'Parts of a split bundle are not beside its list of parts; every missing one is named.',
  AMP_PART_TRUNCATED: 'A part of a split bundle is shorter or longer than the list of parts says.',
  AMP_PART_CORRUPT: 'A part of a split bundle, or the bundle merged of them, does not have the digest that the list of parts says.',
  AMP_PART_FOREIGN: 'Beside the list of parts lies a part that it does not list, left of another split.',
  AMP_PART_SIZE: 'The size given for parts is not one that Ampoule understands.',
  AMP_PART_SPACE: 'There is not enough free space to write the parts or the merged bundle.',
} as const;

export const partsError = errorsOf(partsErrorCodes);
