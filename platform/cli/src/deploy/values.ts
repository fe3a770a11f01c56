import { parseDuration } from '@ampoule/platform-api/duration';
import { PROCESSOR_METRICS } from '@ampoule/platform-api/scale-metrics';
import * as z from 'zod';

/** How the texts of flags become values of a function. Each says what is wrong, so that all mistakes are named at once. */
export const text = z.string().min(1, 'must not be empty');
export const yes = z.boolean();
export const texts = z.array(text);

export const count = z.string().regex(/^\d+$/, 'must be a whole number, 0 or more').transform(Number);

/** Milliseconds of `1m30s`. */
export const duration = z
  .string()
  .transform(parseDuration)
  .pipe(z.number({ error: 'must be a duration such as 30s or 1m30s' }));

export const jsonObject = z.string().transform((value, context) => {
  const parsed = objectOf(value);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: 'must be an object in JSON, for example {"a": {}}' });
  return z.NEVER;
});

/** `a=1,b=2`; the flag can be repeated. */
export const pairs = z
  .array(z.string())
  .transform((values) => values.flatMap((value) => value.split(',')))
  .pipe(z.array(z.string().regex(/^[^=]+=/, 'must be NAME=VALUE')))
  .transform((parts) => Object.fromEntries(parts.map(splitPair)));

/** `NAME=VALUE`; a value can hold commas, so the flag is repeated for each. */
export const variables = z
  .array(z.string().regex(/^[^=]+=/, 'must be NAME=VALUE'))
  .transform((values) => values.map(splitPair).map(([name, value]) => ({ name, value })));

/** `HOST:CONTAINER`: a folder of the node in the function's container. */
export const volumes = z.array(z.string().regex(/^[^:]+:[^:]+$/, 'must be HOST-FOLDER:FOLDER')).transform((values) =>
  values.map((value, index) => {
    const [path, mountPath] = value.split(':');
    const name = `volume-${index + 1}`;
    return { volume: { name, hostPath: { path } }, volumeMount: { name, mountPath } };
  }),
);

/** Names of secrets: each of their values is a variable. */
export const secretNames = z.array(text).transform((names) => names.map((name) => ({ secretRef: { name } })));

/** `NAME:FOLDER`: each value of a secret is a file in the folder. */
export const secretVolumes = z.array(z.string().regex(/^[^:]+:\/[^:]*$/, 'must be NAME:/FOLDER')).transform((values) =>
  values.map((value) => {
    const [secretName = '', mountPath] = value.split(':');
    const name = `secret-${secretName}`;
    return { volume: { name, secret: { secretName } }, volumeMount: { name, mountPath, readOnly: true } };
  }),
);

const scaleMetricSchema = z
  .object({
    metricName: text,
    threshold: z
      .string()
      .regex(/^\d+(\.\d+)?$/, 'must have a number, as in concurrency=10')
      .transform(Number),
    windowSize: z.string().optional(),
    sourceType: z
      .string()
      .regex(/^(Resource|Pods|External)$/, 'must be Resource, Pods or External')
      .optional(),
  })
  .refine(({ metricName, sourceType }) => sourceType !== undefined || PROCESSOR_METRICS.some((own) => own === metricName), {
    message: `must be ${PROCESSOR_METRICS.join(', ')}, or a metric of Kubernetes with its source, as in memory=80,source=Resource`,
  });

/** `NAME=AMOUNT,window=1m`: how much of a metric a replica is to have. */
export const scaleMetrics = z
  .array(z.string().regex(/^[^=,]+=[^=,]+(,(window|source)=[^=,]+)*$/, 'must be METRIC=AMOUNT, then ,window=DURATION or ,source=NAME'))
  .transform((values) => values.map(scaleMetricOf))
  .pipe(z.array(scaleMetricSchema));

function scaleMetricOf(value: string): z.input<typeof scaleMetricSchema> {
  const [[metricName, threshold] = ['', ''], ...more] = value.split(',').map(splitPair);
  const { window, source } = Object.fromEntries(more);
  return { metricName, threshold, ...(window ? { windowSize: window } : {}), ...(source ? { sourceType: source } : {}) };
}

export const sourceCode = text.transform((code) => Buffer.from(code).toString('base64'));
export const logSinks = z.enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error').transform((level) => [{ level }]);

export function splitPair(pair: string): [name: string, value: string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function objectOf(value: string): Record<string, unknown> | undefined {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(value));
  } catch {
    return undefined;
  }
}
