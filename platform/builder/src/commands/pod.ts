import { hardened, podSecurity } from '@ampoule/platform-api/kube/pod-security';
import type { V1Pod } from '@ampoule/platform-api/kube/types';
import { agent, WORKING_FOLDER } from './protocol.ts';

const HOME = '/tmp';

export interface BuildPodOptions {
  namespace: string;
  name: string;
  image: string;
  /** Of the function that is built: `namespace/name`. */
  key: string;
  token: string;
  limitSeconds: number;
}

/** A pod that runs foreign commands: no root, no account, nothing of the node, and an end that Kubernetes sees to. */
export function buildPodOf({ namespace, name, image, key, token, limitSeconds }: BuildPodOptions): V1Pod {
  return {
    metadata: {
      namespace,
      name,
      labels: { 'app.kubernetes.io/name': 'build', 'app.kubernetes.io/part-of': 'ampoule' },
      annotations: { 'ampoule.internal/function': key },
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      activeDeadlineSeconds: limitSeconds,
      terminationGracePeriodSeconds: 1,
      securityContext: podSecurity,
      containers: [
        {
          name: 'build',
          image,
          imagePullPolicy: 'IfNotPresent',
          env: [
            { name: 'AMPOULE_BUILD_TOKEN', value: token },
            { name: 'HOME', value: HOME },
          ],
          ports: [{ name: 'agent', containerPort: agent.port }],
          readinessProbe: { tcpSocket: { port: agent.port }, periodSeconds: 1 },
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '1Gi' } },
          terminationMessagePolicy: 'FallbackToLogsOnError',
          securityContext: { ...hardened, readOnlyRootFilesystem: true },
          volumeMounts: [
            { name: 'code', mountPath: `/${WORKING_FOLDER}` },
            { name: 'tmp', mountPath: HOME },
          ],
        },
      ],
      volumes: [
        { name: 'code', emptyDir: { sizeLimit: '1Gi' } },
        { name: 'tmp', emptyDir: { sizeLimit: '1Gi' } },
      ],
    },
  };
}
