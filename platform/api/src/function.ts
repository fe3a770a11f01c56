import * as z from 'zod';
import { buildSchema } from './build.ts';
import { dnsLabel, metadataShape, strings } from './metadata.ts';
import { functionStates } from './states.ts';
import { triggerSchema } from './trigger.ts';

export { type FunctionIngress, ingressSchema, type Trigger } from './trigger.ts';

/** The whole of Nuclio's function. Objects are loose: a field that is not known here passes through unharmed. */
const count = z.int().min(0);
const anyObject = z.looseObject({});
const objects = z.array(anyObject);
const attributes = z.record(z.string(), z.unknown());

/** Object names become `nuclio-NAME`, and the name of a Service has at most 63 characters. */
const functionName = dnsLabel('Function name must be provided in metadata', 56);

export const functionMetadataSchema = z.looseObject({ name: functionName, ...metadataShape });
export type FunctionMetadata = z.output<typeof functionMetadataSchema>;

const envVarSchema = z.looseObject({ name: z.string().min(1), value: z.string().optional() });
export const scaleResourceSchema = z.looseObject({
  metricName: z.string().optional(),
  windowSize: z.string().optional(),
  threshold: z.number().optional(),
});

export const functionSpecSchema = z.looseObject({
  description: z.string().optional(),
  disable: z.boolean().optional(),
  publish: z.boolean().optional(),
  handler: z.string().optional(),
  runtime: z.string().optional(),
  env: z.array(envVarSchema).nullish(),
  envFrom: objects.nullish(),
  resources: z.looseObject({ requests: attributes.nullish() }).nullish(),
  image: z.string().optional(),
  imageHash: z.string().optional(),
  replicas: count.nullish(),
  minReplicas: count.nullish(),
  maxReplicas: count.nullish(),
  targetCPU: z.int().optional(),
  dataBindings: z.record(z.string(), anyObject).nullish(),
  triggers: z.record(z.string(), triggerSchema).nullish(),
  volumes: z.array(z.looseObject({ volume: anyObject.optional(), volumeMount: anyObject.optional() })).nullish(),
  version: z.int().optional(),
  alias: z.string().optional(),
  build: buildSchema.nullish(),
  runRegistry: z.string().optional(),
  imagePullSecrets: z.string().optional(),
  runtimeAttributes: attributes.nullish(),
  loggerSinks: z.array(z.looseObject({ level: z.string().optional(), sink: z.string().optional() })).nullish(),
  dealerURI: z.string().optional(),
  platform: z.looseObject({ attributes: attributes.nullish() }).nullish(),
  readinessTimeoutSeconds: count.optional(),
  waitReadinessTimeoutBeforeFailure: z.boolean().optional(),
  serviceType: z.string().optional(),
  imagePullPolicy: z.string().optional(),
  securityContext: anyObject.nullish(),
  serviceAccount: z.string().optional(),
  scaleToZero: z.looseObject({ scaleResources: z.array(scaleResourceSchema).nullish() }).nullish(),
  disableDefaultHTTPTrigger: z.boolean().nullish(),
  disableSensitiveFieldsMasking: z.boolean().optional(),
  devices: z.array(z.string()).nullish(),
  affinity: anyObject.nullish(),
  nodeSelector: strings.nullish(),
  nodeName: z.string().optional(),
  tolerations: objects.nullish(),
  priorityClassName: z.string().optional(),
  preemptionPolicy: z.string().optional(),
  preemptionMode: z.enum(['allow', 'constrain', 'prevent', 'none', '']).optional(),
  deploymentStrategy: anyObject.nullish(),
  hostIPC: z.boolean().optional(),
  customScalingMetricSpecs: objects.nullish(),
  autoScaleMetrics: objects.nullish(),
  eventTimeout: z.string().optional(),
  sidecars: objects.nullish(),
  initContainers: objects.nullish(),
});
export type FunctionSpec = z.output<typeof functionSpecSchema>;

export const functionStatusSchema = z.looseObject({
  state: z.enum(functionStates).optional(),
  message: z.string().optional(),
  logs: objects.nullish(),
  scaleToZero: z.looseObject({ lastScaleEvent: z.string().optional(), lastScaleEventTime: z.string().nullish() }).nullish(),
  apiGateways: z.array(z.string()).nullish(),
  httpPort: z.int().optional(),
  containerImage: z.string().optional(),
  internalInvocationUrls: z.array(z.string()).nullish(),
  externalInvocationUrls: z.array(z.string()).nullish(),
  enrichedNodeSelector: strings.nullish(),
});
export type FunctionStatus = z.output<typeof functionStatusSchema>;

/** A function as people give it: in function.yaml, or to the dashboard. */
export const functionConfigSchema = z.looseObject({ metadata: functionMetadataSchema, spec: functionSpecSchema });
export type FunctionConfig = z.output<typeof functionConfigSchema>;

/** A function as the cluster keeps it. */
export const nuclioFunctionSchema = z.looseObject({
  metadata: functionMetadataSchema.extend({ namespace: z.string(), uid: z.string() }),
  spec: functionSpecSchema,
  status: functionStatusSchema.default({}),
});
export type NuclioFunction = z.output<typeof nuclioFunctionSchema>;
