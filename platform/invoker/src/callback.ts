import * as z from 'zod';

/** What came of the callback of an invocation. */
export const callbackSchema = z.object({
  url: z.string(),
  state: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.int(),
  /** Why it must not be sent. */
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type Callback = z.output<typeof callbackSchema>;

/** A callback as it lies in its queue. */
export const callbackMessageSchema = z.object({
  id: z.uuid(),
  /** Of the result that is to be sent: where the invocation is tried again there is another one. */
  finishedAt: z.string().optional(),
  /** What came of it, where it only has to be noted. */
  sent: callbackSchema.optional(),
});
export type CallbackMessage = z.output<typeof callbackMessageSchema>;
