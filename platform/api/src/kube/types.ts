/** Types of Kubernetes' objects, for packages that do not depend on the client themselves. */
export type {
  KubernetesObject,
  V1ConfigMap,
  V1Container,
  V1Deployment,
  V1HTTPIngressPath,
  V1Ingress,
  V1IngressRule,
  V1ObjectMeta,
  V1Pod,
  V1PodSpec,
  V1Service,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node';
