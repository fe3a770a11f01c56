import * as z from 'zod';
import { parseDuration } from './duration.ts';

const words = z.array(z.string()).default([]);
const objects = z.array(z.looseObject({})).default([]);

/** What is read of Nuclio's platform configuration; all else in it passes through. */
export const platformConfigSchema = z.looseObject({
  functionInvocationTimeout: z
    .string()
    .default('1m0s')
    .refine((text) => parseDuration(text) !== undefined, 'must be a duration such as 30s or 1m30s'),
  disableDefaultHTTPTrigger: z.boolean().default(false),
  scaleToZero: z
    .looseObject({ mode: z.string().default('disabled'), scaleResources: objects, inactivityWindowPresets: words })
    .prefault({}),
  supportedAutoScaleMetrics: objects,
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
      defaultHTTPIngressHostTemplate: z.string().default(''),
      validFunctionPriorityClassNames: words,
      defaultFunctionPodResources: z.looseObject({}).default({}),
    })
    .prefault({}),
  ingressConfig: z.looseObject({ allowedAuthenticationModes: z.array(z.string()).default(['none', 'basicAuth']) }).prefault({}),
});
export type PlatformConfig = z.output<typeof platformConfigSchema>;

/** The configuration of a platform that sets nothing. */
export const defaultPlatformConfig: PlatformConfig = platformConfigSchema.parse({});
