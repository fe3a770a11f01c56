import { errorsOf } from '@ampoule/lib/errors';

export const platformErrorCodes = {
  AMP_FUNCTION_INVALID: 'A function asks for something that cannot be; the message says what.',
  AMP_FUNCTION_NAME_RESERVED: 'The name of a function belongs to the platform.',
  AMP_FUNCTION_NOT_FOUND: 'There is no function of this name.',
  AMP_FUNCTION_EXISTS: 'There is a function of this name already.',
  AMP_FUNCTION_BUSY: 'The function is being built or deployed and cannot be changed until that has ended.',
  AMP_FUNCTION_STALE: 'Somebody else changed the function since it was read.',
  AMP_SECRET_MISSING: 'A function or API gateway refers to secrets of its own, such as a password, that nobody holds.',
  AMP_PROJECT_NOT_FOUND: 'There is no project of this name.',
  AMP_PROJECT_MISSING: 'A function or API gateway belongs to a project that is not there.',
  AMP_PROJECT_EXISTS: 'There is a project of this name already.',
  AMP_API_GATEWAY_INVALID: 'An API gateway asks for something that cannot be; the message says what.',
  AMP_API_GATEWAY_NAME_RESERVED: 'The name of an API gateway belongs to the platform.',
  AMP_RESOURCE_NOT_FOUND: 'There is no API gateway, function event or secret of this name.',
  AMP_RESOURCE_EXISTS: 'There is an API gateway, function event or secret of this name already.',
  AMP_RESOURCE_STALE: 'Somebody else changed the project, API gateway, function event or secret since it was read.',
  AMP_KUBE_UNREACHABLE: 'The Kubernetes API did not answer.',
  AMP_KUBE_REFUSED: 'The Kubernetes API refused a request.',
  AMP_KUBE_CONFLICT: 'An object changed between reading and writing it; the work is done again.',
  AMP_KUBE_EXISTS: 'An object that was to be created is there already.',
  AMP_WARM_BINDING: 'A warm pod was given what is not whole, not meant for it, or not signed by the controller.',
  AMP_KUBE_CONFIG: 'There is neither a service account nor a kubeconfig to reach the Kubernetes API with.',
} as const;

export const platformError = errorsOf(platformErrorCodes);
