/** Names that Nuclio 1.14 fixes; tools made for it look for exactly these. */
export const api = { group: 'nuclio.io', version: 'v1beta1', apiVersion: 'nuclio.io/v1beta1' } as const;

export const labels = {
  project: 'nuclio.io/project-name',
  function: 'nuclio.io/function-name',
  functionVersion: 'nuclio.io/function-version',
  apiGateway: 'nuclio.io/apigateway-name',
  class: 'nuclio.io/class',
  app: 'nuclio.io/app',
  component: 'nuclio.io/component',
  cronTrigger: 'nuclio.io/function-cron-trigger-name',
  cronJobPod: 'nuclio.io/function-cron-job-pod',
  /** Ours, on a warm pod: the function that it has become a pod of. */
  boundTo: 'ampoule.internal/bound-to',
  /** The runtime that a warm pod is for. */
  warmRuntime: 'ampoule.internal/warm-runtime',
  /** On a Secret that people keep for functions. */
  secretKind: 'ampoule.internal/secret-kind',
} as const;

/** Labels of a function that is one version of another, and so never changes. By `uid` the other one is told from a later one of its name. */
export const versionLabels = {
  of: 'ampoule.internal/version-of',
  uid: 'ampoule.internal/version-of-uid',
  number: 'ampoule.internal/version',
} as const;

export const annotations = {
  skipBuild: 'skip-build',
  skipDeploy: 'skip-deploy',
  previousState: 'nuclio.io/previous-state',
  functionConfig: 'nuclio.io/function-config',
  controllerVersion: 'nuclio.io/controller-version',
  imageHash: 'nuclio.io/image-hash',
  prometheusPull: 'nuclio.io/prometheus_pull',
  prometheusPullPort: 'nuclio.io/prometheus_pull_port',
  defaultContainer: 'kubectl.kubernetes.io/default-container',
  /** Ours: the gateway removes this prefix from the path before it passes a request on. */
  stripPrefix: 'ampoule.internal/strip-prefix',
  /** Ours, on a function: the Secret with what was taken out of it. */
  secret: 'ampoule.internal/secret',
} as const;

export const defaults = {
  namespace: 'nuclio',
  project: 'default',
  ingressClass: 'ampoule',
  readinessTimeoutSeconds: 120,
  workerAvailabilityTimeoutMs: 10_000,
  maxRequestBodySize: 4 * 1024 * 1024,
} as const;

export const ports = { http: 8080, health: 8082, metrics: 8090 } as const;

export const paths = {
  handlers: '/opt/nuclio',
  processorConfig: '/etc/nuclio/config/processor',
  platformConfig: '/etc/nuclio/config/platform',
  /** Answered by the HTTP trigger itself; the handler does not see it. */
  health: '/__internal/health',
} as const;

/** Shown to the invoker by those of the platform who may give it work; `Authorization` is that of whoever calls the function. */
export const INVOKER_TOKEN_HEADER = 'x-ampoule-invoker-token';

/** The ConfigMap beside the functions that holds the platform configuration, and its key. */
export const platformConfigMap = { name: 'nuclio-platform-config', key: 'platform.yaml' } as const;

/** Pods with this value of the label `nuclio.io/app` take the requests of functions that are scaled to zero. */
export const ACTIVATOR_APP = 'dlx';

/** Accounts of the platform in the namespace of functions; as one of them a function could change others. */
export const reservedServiceAccounts: readonly string[] = ['activator'];

/** Functions cannot have these names, since objects of the platform do. */
export const reservedFunctionNames: readonly string[] = ['dashboard', 'controller', 'dlx', 'scaler'];
