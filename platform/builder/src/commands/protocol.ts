import * as z from 'zod';

/** Where the agent of a build pod listens, and the path that takes an order. */
export const agent = { port: 8080, path: '/order' } as const;

/** Where the code of a function lies while its commands run, as in its image. */
export const WORKING_FOLDER = 'opt/nuclio';

/** What is to be done, as one line of JSON; after it comes the code: a layer, gzipped. */
export const orderSchema = z.object({
  /** Each with its arguments, in their order. */
  commands: z.array(z.array(z.string()).min(1)),
  env: z.record(z.string(), z.string()),
});
export type Order = z.output<typeof orderSchema>;

/** Longer lines of output are cut, and further ones left out: what a command writes must not fill the memory of who reads it. */
export const MAX_LINE = 1000;
export const MAX_LINES = 5000;

/** What the agent tells, each as a line of JSON. After `done` comes the layer of that many bytes, gzipped, and before that the digest of its tar. */
export const reportSchema = z.union([
  z.object({ log: z.string() }),
  z.object({ done: z.int().min(0), diffId: z.string() }),
  /** A command that ended with another exit code than 0, or what kept it from beginning. */
  z.object({ failed: z.string() }),
]);
export type Report = z.output<typeof reportSchema>;

export function lineOf(value: Order | Report): string {
  return `${JSON.stringify(value)}\n`;
}
