import * as z from 'zod';
import { augmentedConfigSchema } from './augmented-configs.ts';
import { parseDuration } from './duration.ts';
import { scaleResourceSchema } from './function.ts';

const words = z.array(z.string()).default([]);
const objects = z.array(z.looseObject({})).default([]);
const duration = (standard: string) =>
  z
    .string()
    .default(standard)
    .refine((text) => parseDuration(text) !== undefined, 'must be a duration such as 30s or 1m30s');

const warmPods = z.int().min(0).max(100).default(0);

/** What is read of Nuclio's platform configuration; all else in it passes through. */
export const platformConfigSchema = z.looseObject({
  functionInvocationTimeout: duration('1m0s'),
  functionReadinessTimeout: duration('2m0s'),
  disableDefaultHTTPTrigger: z.boolean().default(false),
  cronTriggerCreationMode: z.enum(['processor', 'kube']).default('processor'),
  metrics: z.looseObject({ sinks: z.record(z.string(), z.looseObject({ kind: z.string() })).default({}), functions: words }).prefault({}),
  scaleToZero: z
    .looseObject({
      mode: z.string().default('disabled'),
      scalerInterval: duration('15s'),
      scaleResources: z.array(scaleResourceSchema).default([]),
      inactivityWindowPresets: words,
    })
    .prefault({}),
  /** Ours: pods that are kept to become those of functions that sleep and are called, by runtime. */
  warmPool: z.looseObject({ nodejs: warmPods, python: warmPods }).prefault({}),
  /** Ours: which images of functions stay in the private registry though nothing uses them. */
  imageRetention: z
    .looseObject({
      /** The newest of each function. */
      keep: z.int().min(0).max(1000).default(5),
      /** How long each has to be unused. */
      graceMinutes: z.int().min(0).max(525_600).default(60),
    })
    .prefault({}),
  /** What the platform adds to functions by their labels, when their objects are made. */
  functionAugmentedConfigs: z
    .array(augmentedConfigSchema)
    .nullish()
    .transform((configs) => configs ?? []),
  supportedAutoScaleMetrics: objects,
  autoScaleMetricsMode: z.enum(['legacy', 'custom']).default('legacy'),
  autoScale: z.looseObject({ metricName: z.string().default(''), targetValue: z.string().default('') }).prefault({}),
  runtime: z
    .looseObject({
      common: z
        .looseObject({
          env: z.array(z.looseObject({ name: z.string().min(1), value: z.string().optional() })).default([]),
          envFrom: objects,
        })
        .prefault({}),
    })
    .prefault({}),
  kube: z
    .looseObject({
      defaultServiceType: z.string().default('ClusterIP'),
      defaultFunctionNodeSelector: z.record(z.string(), z.string()).default({}),
      defaultFunctionTolerations: objects,
      defaultFunctionPriorityClassName: z.string().default(''),
      defaultFunctionServiceAccount: z.string().default(''),
      defaultHTTPIngressHostTemplate: z.string().default(''),
      validFunctionPriorityClassNames: words,
      defaultFunctionPodResources: z.looseObject({}).default({}),
      /** Nodes that can be taken away at any moment. Without it, `preemptionMode` of functions means nothing. */
      preemptibleNodes: z
        .looseObject({
          defaultMode: z.enum(['allow', 'constrain', 'prevent', 'none']).default('prevent'),
          tolerations: objects,
          gpuTolerations: objects,
          nodeSelector: z.record(z.string(), z.string()).default({}),
        })
        .optional(),
    })
    .prefault({}),
  /** Whether passwords and the like are taken out of functions into Secrets; further fields, by patterns of their paths. */
  sensitiveFields: z
    .looseObject({
      maskSensitiveFields: z.boolean().default(false),
      customSensitiveFields: z.array(z.string().refine(isPattern, 'must be a regular expression')).default([]),
    })
    .prefault({}),
  ingressConfig: z.looseObject({ allowedAuthenticationModes: z.array(z.string()).default(['none', 'basicAuth']) }).prefault({}),
});
export type PlatformConfig = z.output<typeof platformConfigSchema>;

/** The configuration of a platform that sets nothing. */
export const defaultPlatformConfig: PlatformConfig = platformConfigSchema.parse({});

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
