import { z } from 'zod';
import { functionStates } from './states.ts';

/** What the platform reads of a function. Objects are loose: a field that is not used yet passes through unharmed. */
const strings = z.record(z.string(), z.string());
const count = z.int().min(0);
const base64 = z.base64({ error: 'must be base64' });

/** Object names become `nuclio-NAME`, and the name of a Service has at most 63 characters. */
const functionName = z
  .string({ error: 'Function name must be provided in metadata' })
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be small letters, digits and dashes, and start and end with a letter or digit')
  .max(56, 'must have at most 56 characters');

const metadataShape = {
  namespace: z.string().optional(),
  labels: strings.nullish(),
  annotations: strings.nullish(),
  resourceVersion: z.string().optional(),
};

export const functionMetadataSchema = z.looseObject({ name: functionName, ...metadataShape });
export type FunctionMetadata = z.output<typeof functionMetadataSchema>;

export const ingressSchema = z.looseObject({
  host: z.string().optional(),
  hostTemplate: z.string().optional(),
  paths: z.array(z.string().startsWith('/', 'must start with /')).optional(),
  pathType: z.enum(['Exact', 'Prefix', 'ImplementationSpecific']).optional(),
  secretName: z.string().optional(),
});
export type FunctionIngress = z.output<typeof ingressSchema>;

export const triggerSchema = z.looseObject({
  kind: z.string(),
  name: z.string().optional(),
  disabled: z.boolean().optional(),
  url: z.string().optional(),
  numWorkers: count.max(100_000).optional(),
  /** Deprecated by Nuclio; it stands in for numWorkers where that is 0. */
  maxWorkers: count.max(100_000).optional(),
  workerAvailabilityTimeoutMilliseconds: z.int().nullish(),
  attributes: z.record(z.string(), z.unknown()).nullish(),
});
export type Trigger = z.output<typeof triggerSchema>;

export const buildSchema = z.looseObject({
  path: z.string().optional(),
  functionSourceCode: base64.optional(),
  image: z.string().optional(),
  codeEntryType: z.string().optional(),
  timestamp: z.number().optional(),
  mode: z.string().optional(),
});

const envVarSchema = z.looseObject({ name: z.string().min(1), value: z.string().optional() });

export const functionSpecSchema = z.looseObject({
  description: z.string().optional(),
  disable: z.boolean().optional(),
  handler: z.string().optional(),
  runtime: z.string().optional(),
  env: z.array(envVarSchema).nullish(),
  envFrom: z.array(z.looseObject({})).nullish(),
  resources: z.looseObject({ requests: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  image: z.string().optional(),
  replicas: count.nullish(),
  minReplicas: count.nullish(),
  maxReplicas: count.nullish(),
  triggers: z.record(z.string(), triggerSchema).nullish(),
  volumes: z.array(z.looseObject({ volume: z.looseObject({}).optional(), volumeMount: z.looseObject({}).optional() })).nullish(),
  build: buildSchema.nullish(),
  readinessTimeoutSeconds: count.optional(),
  waitReadinessTimeoutBeforeFailure: z.boolean().optional(),
  disableDefaultHTTPTrigger: z.boolean().nullish(),
  serviceAccount: z.string().optional(),
  imagePullSecrets: z.string().optional(),
  imagePullPolicy: z.string().optional(),
  eventTimeout: z.string().optional(),
  nodeSelector: strings.nullish(),
  tolerations: z.array(z.looseObject({})).nullish(),
  affinity: z.looseObject({}).nullish(),
  priorityClassName: z.string().optional(),
});
export type FunctionSpec = z.output<typeof functionSpecSchema>;

export const functionStatusSchema = z.looseObject({
  state: z.enum(functionStates).optional(),
  message: z.string().optional(),
  logs: z.array(z.looseObject({})).nullish(),
  containerImage: z.string().optional(),
  internalInvocationUrls: z.array(z.string()).nullish(),
  externalInvocationUrls: z.array(z.string()).nullish(),
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
