import * as z from 'zod';
import { dnsLabel, metadataShape, strings } from './metadata.ts';

export const projectSpecSchema = z.looseObject({
  description: z.string().optional(),
  owner: z.string().optional(),
  defaultFunctionNodeSelector: strings.nullish(),
  /** Ours: how many replicas all functions of the project together may have. */
  maxReplicas: z.int().min(1).nullish(),
});

export const projectStatusSchema = z.looseObject({
  adminStatus: z.string().optional(),
  operationalStatus: z.string().optional(),
  updatedAt: z.string().nullish(),
});

/** A project groups functions. Unknown fields pass through unharmed. */
export const projectSchema = z.looseObject({
  metadata: z.looseObject({ name: dnsLabel('Project name must be provided in metadata'), ...metadataShape }),
  spec: projectSpecSchema.default({}),
  status: projectStatusSchema.optional(),
});
export type Project = z.output<typeof projectSchema>;
