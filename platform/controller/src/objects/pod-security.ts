import type { V1PodSpec } from '@ampoule/platform-api/kube/types';

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
