import * as z from 'zod';
import { defaults } from './constants.ts';
import { type FunctionIngress, type FunctionSpec, ingressSchema, type Trigger } from './function.ts';

/** Attributes of an HTTP trigger that are used; sizes are bytes. */
export const httpAttributesSchema = z.looseObject({
  maxRequestBodySize: z.coerce.number().int().positive().default(defaults.maxRequestBodySize),
  ingresses: z.record(z.string(), ingressSchema).nullish(),
  /** The port that each node opens; 0 lets Kubernetes choose, or keep what it chose. */
  port: z.coerce.number().int().min(0).max(65_535).default(0),
  serviceType: z.string().default(''),
});

/** The HTTP triggers of a function by their keys; there should be one at most. */
export function httpTriggersOf(spec: FunctionSpec): [key: string, trigger: Trigger][] {
  return Object.entries(spec.triggers ?? {}).filter(([, trigger]) => trigger.kind === 'http');
}

/** The ingresses that a function asks for; undefined where it leaves that to the platform. An empty list asks for none. */
export function ingressesOf(spec: FunctionSpec): FunctionIngress[] | undefined {
  const [first] = httpTriggersOf(spec);
  const { ingresses } = httpAttributesSchema.parse(first?.[1].attributes ?? {});
  return ingresses === undefined || ingresses === null ? undefined : Object.values(ingresses);
}

/** How a function's HTTP trigger wants its Service to be. */
export function httpServiceOf(spec: FunctionSpec): { port: number; serviceType: string } {
  const [first] = httpTriggersOf(spec);
  return httpAttributesSchema.parse(first?.[1].attributes ?? {});
}
