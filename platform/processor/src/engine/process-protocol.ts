import * as z from 'zod';

/** Control messages of a worker process. It answers signals in the order in which it gets them. */
const fromProcessSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({
    kind: z.literal('failed'),
    code: z.enum(['AMP_HANDLER_LOAD', 'AMP_HANDLER_MISSING']),
    what: z.string(),
    why: z.string(),
    fix: z.string(),
  }),
  z.object({ kind: z.literal('ack'), topic: z.string(), partition: z.number(), offset: z.union([z.number(), z.string()]) }),
  z.object({ kind: z.enum(['drained', 'resumed', 'terminated']) }),
  z.object({ kind: z.literal('alive') }),
]);
export type FromProcess = z.output<typeof fromProcessSchema>;

/** Undefined where it is none of these. */
export function parseFromProcess(text: string): FromProcess | undefined {
  try {
    return fromProcessSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
