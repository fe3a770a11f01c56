import * as z from 'zod';

/** Python's and Ruby's names of levels among ours. */
const LEVELS = { debug: 'debug', info: 'info', warn: 'warn', warning: 'warn', error: 'error', critical: 'error' } as const;

const logSchema = z.object({
  level: z
    .string()
    .transform((level) => level.toLowerCase())
    .pipe(z.enum(['debug', 'info', 'warn', 'warning', 'error', 'critical']).catch('info'))
    .transform((level) => LEVELS[level]),
  message: z.unknown(),
  with: z.unknown().optional(),
});

const responseSchema = z.object({
  body: z.string().nullish(),
  content_type: z.string().nullish(),
  headers: z.record(z.string(), z.unknown()).nullish(),
  status_code: z.number().nullish(),
  body_encoding: z.enum(['text', 'base64']).nullish(),
});
export type WrapperResponse = z.output<typeof responseSchema>;

const metricSchema = z.object({ duration: z.number().nonnegative() });

/** A line of a wrapper. The first sign tells its kind. */
export type FromWrapper =
  | { kind: 'started' }
  | { kind: 'log'; log: z.output<typeof logSchema> }
  | { kind: 'duration'; seconds: number }
  | { kind: 'response'; response: WrapperResponse };

/** Undefined where it is none of these. */
export function parseFromWrapper(line: string): FromWrapper | undefined {
  try {
    return parseLine(line);
  } catch {
    return undefined;
  }
}

function parseLine(line: string): FromWrapper | undefined {
  switch (line[0]) {
    case 's':
      return { kind: 'started' };
    case 'l':
      return { kind: 'log', log: logSchema.parse(JSON.parse(line.slice(1))) };
    case 'm':
      return { kind: 'duration', seconds: metricSchema.parse(JSON.parse(line.slice(1))).duration };
    case 'r':
      return { kind: 'response', response: responseSchema.parse(JSON.parse(line.slice(1))) };
    default:
      return undefined;
  }
}
