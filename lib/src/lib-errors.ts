import { errorsOf } from './errors.ts';

export const libErrorCodes = {
  AMP_INPUT_INVALID: 'A file, answer or message does not have the form that its schema asks for; every mistake is listed with its path.',
  AMP_COMMAND_FAILED: 'A program that Ampoule runs ended with an error.',
  AMP_COMMAND_TIMEOUT: 'A program that Ampoule runs did not end within its time limit.',
  AMP_REGISTRY_UNREACHABLE: 'The private registry did not answer.',
  AMP_REGISTRY_REFUSED: 'The private registry answered with an unexpected status.',
  AMP_DIGEST_MISMATCH: 'Content does not have the digest that names it.',
} as const;

export const libError = errorsOf(libErrorCodes);
