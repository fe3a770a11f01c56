import { type AmpouleError, messageOf } from '../errors.ts';
import { libError } from '../lib-errors.ts';

export function unreachable(origin: string, cause: unknown): AmpouleError {
  return libError('AMP_REGISTRY_UNREACHABLE', {
    what: `The registry at ${origin} does not answer`,
    why: messageOf(cause),
    fix: 'Check ampoule-registry.service and the address, then run the command again.',
    cause,
  });
}

export function refused(method: string, path: string, status: number, body: string): AmpouleError {
  return libError('AMP_REGISTRY_REFUSED', {
    what: `The registry answered ${method} ${path} with ${status}`,
    why: body.slice(0, 500),
    fix: status === 401 ? 'Check the registry credentials.' : 'Look at the log of ampoule-registry.service.',
  });
}

export function mismatch(name: string): AmpouleError {
  return libError('AMP_DIGEST_MISMATCH', {
    what: `${name} arrived with another digest`,
    fix: 'Run install again: it heals the registry from the bundle.',
  });
}
