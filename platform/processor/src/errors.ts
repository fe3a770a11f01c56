import { errorsOf } from '@ampoule/lib/errors';

export const processorErrorCodes = {
  AMP_HANDLER_LOAD: 'The file of a handler cannot be loaded; the reason is what its code threw.',
  AMP_HANDLER_MISSING: 'The file of a handler does not export the function that spec.handler names.',
  AMP_RUNTIME_UNSUPPORTED: 'The processor of this image does not run this runtime.',
  AMP_TRIGGER_UNSUPPORTED: 'The processor does not know this kind of trigger.',
  AMP_TRIGGER_ADDRESS: 'The address of a trigger is not of the form :PORT or HOST:PORT.',
} as const;

export const processorError = errorsOf(processorErrorCodes);
