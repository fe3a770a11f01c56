import type { V1Container, V1PodSpec } from './types.ts';

/** The user that all of our images run as. */
const USER = 65532;

/** Not root, and only the system calls that the container runtime lets through. */
export const podSecurity: NonNullable<V1PodSpec['securityContext']> = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** A container that can gain no rights. */
export const hardened: NonNullable<V1Container['securityContext']> = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
