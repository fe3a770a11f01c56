import { errorsOf } from '@ampoule/lib/errors';

export const installErrorCodes = {
  AMP_PREFLIGHT_FAILED: 'The host does not fulfil what the appliance needs; nothing was changed.',
  AMP_INSTALL_STEP: 'A step of the install failed; everything done so far is kept, and running install again goes on from there.',
  AMP_INSTALL_DISK_FULL: 'A file system of the host became full during the install.',
  AMP_INSTALL_LOCKED: 'Another ampoule command is changing this host.',
  AMP_INSTALL_CONFIG_CHANGED: 'The answers differ from those of the install that is already on this host.',
  AMP_INSTALL_UNCONFIRMED:
    'Nobody has confirmed the key that came with the bundle, and there is no terminal to ask on; nothing was changed.',
  AMP_INSTALL_INTERRUPTED: 'The install was stopped in the middle; running install again goes on from there.',
  AMP_INSTALL_ABORTED: 'The operator did not confirm the install; nothing was changed.',
  AMP_NOT_READY: 'A part of the appliance did not become ready in time; the message says which and why.',
  AMP_APPLY_REFUSED: 'The Kubernetes API refused an object of the appliance.',
} as const;

export const installError = errorsOf(installErrorCodes);
