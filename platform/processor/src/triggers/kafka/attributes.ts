import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';
import type { Trigger } from '../../function-config.ts';
import { caseless } from '../delivery/caseless.ts';
import { deliveryPolicySchema, durationSchema } from '../delivery/policy.ts';
import { fromAnnotations } from './annotations.ts';

const MEBIBYTE = 1024 * 1024;
/** Fetches are bounded in any case, since what is fetched lies in memory. */
const LARGEST_FETCH = 50 * MEBIBYTE;

const list = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
  .transform((items) => items.map((each) => each.trim()));
const flag = (value: boolean) => z.union([z.boolean(), z.stringbool()]).default(value);
const count = z.coerce.number().int().min(0);
/** Nuclio takes any case and nothing at all for these. */
const choice = <const T extends readonly string[]>(values: T, fallback: T[number]) =>
  z
    .string()
    .prefault('')
    .transform((text) => text.toLowerCase() || fallback)
    .pipe(z.enum(values));

const oauthSchema = caseless(
  z.object({
    clientID: z.string().default(''),
    clientSecret: z.string().default(''),
    tokenURL: z.string().default(''),
    scopes: list.prefault([]),
  }),
);

const saslSchema = caseless(
  z.object({
    enable: flag(false),
    handshake: flag(true),
    user: z.string().default(''),
    password: z.string().default(''),
    mechanism: z
      .string()
      .prefault('PLAIN')
      .transform((text) => text.toUpperCase())
      .pipe(z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'])),
    oauth: oauthSchema.prefault({}),
  }),
);

const tlsSchema = caseless(
  z.object({
    enable: flag(false),
    insecureSkipVerify: flag(false),
    minimumVersion: z.enum(['1.2', '1.3'], 'must be 1.2 or 1.3: older ones are not safe').default('1.2'),
  }),
);

const plainSchema = deliveryPolicySchema.extend({
  brokers: list.pipe(
    z
      .array(z.string().regex(/^[^:/\s]+(:\d{1,5})?$|^\[[0-9a-fA-F:]+\](:\d{1,5})?$/, 'must be HOST:PORT'))
      .min(1, 'must name a broker, or the url of the trigger must'),
  ),
  topics: list.pipe(z.array(z.string().min(1)).min(1, 'must name a topic')),
  consumerGroup: z.string().min(1),
  initialOffset: choice(['latest', 'earliest'], 'latest'),
  balanceStrategy: choice(['range', 'roundrobin', 'sticky'], 'range'),
  sasl: saslSchema.prefault({}),
  tls: tlsSchema.prefault({}),
  caCert: z.string().default(''),
  accessKey: z.string().default(''),
  accessCertificate: z.string().default(''),
  secretPath: z.string().default(''),
  sessionTimeout: durationSchema.prefault('10s'),
  heartbeatInterval: durationSchema.prefault('3s'),
  rebalanceTimeout: durationSchema.prefault('60s'),
  /** How long what is in hand may take before its partition is given to another member. */
  maxWaitHandlerDuringRebalance: durationSchema.prefault('5s'),
  waitExplicitAckDuringRebalanceTimeout: durationSchema.prefault('100ms'),
  maxWaitTime: durationSchema.prefault('250ms'),
  fetchMin: count.default(1),
  /** Bytes of a partition in one fetch. */
  fetchDefault: count.default(MEBIBYTE).transform((bytes) => bytes || MEBIBYTE),
  /** Bytes of one fetch; 0 is as many as are allowed at all. */
  fetchMax: count.default(0).transform((bytes) => Math.min(bytes || LARGEST_FETCH, LARGEST_FETCH)),
  ackWindowSize: count.default(0),
  workerAllocationMode: choice(['pool', 'static'], 'pool'),
  explicitAckMode: z
    .enum(['enable', 'disable', 'explicitOnly', ''])
    .default('disable')
    .transform((mode) => mode || 'disable'),
  deadLetter: z.strictObject({ topic: z.string().min(1) }).optional(),
});

export const kafkaAttributesSchema = caseless(plainSchema).superRefine((value, context) => {
  const wrong = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
  const { sasl, heartbeatInterval, sessionTimeout, rebalanceTimeout, maxWaitHandlerDuringRebalance, deadLetter, topics } = value;
  if (heartbeatInterval >= sessionTimeout) wrong(['heartbeatInterval'], 'must be shorter than sessionTimeout');
  if (rebalanceTimeout < sessionTimeout) wrong(['rebalanceTimeout'], 'must not be shorter than sessionTimeout');
  if (maxWaitHandlerDuringRebalance >= rebalanceTimeout) wrong(['maxWaitHandlerDuringRebalance'], 'must be shorter than rebalanceTimeout');
  if (deadLetter && topics.includes(deadLetter.topic)) wrong(['deadLetter', 'topic'], 'must not be a topic of this trigger');
  if (!sasl.enable) return;
  if (!sasl.handshake)
    wrong(['sasl', 'handshake'], 'must be true: SASL without a handshake is of brokers before 1.0, which are not supported');
  if (sasl.mechanism === 'OAUTHBEARER') {
    for (const name of ['clientID', 'clientSecret', 'tokenURL'] as const) {
      if (sasl.oauth[name] === '') wrong(['sasl', 'oauth', name], 'must be given for OAUTHBEARER');
    }
    if (sasl.oauth.tokenURL !== '' && !URL.canParse(sasl.oauth.tokenURL)) wrong(['sasl', 'oauth', 'tokenURL'], 'must be a URL');
    else if (/^[^/]*\/\/[^/]*@/.test(sasl.oauth.tokenURL)) wrong(['sasl', 'oauth', 'tokenURL'], 'must have no user: that is clientID');
  } else if (sasl.user === '') wrong(['sasl', 'user'], `must be given for ${sasl.mechanism}`);
});
export type KafkaAttributes = z.output<typeof kafkaAttributesSchema>;

/**
 * The settings of a Kafka trigger: annotations of the function, fields of the trigger and its attributes; the later ones win.
 * @throws AMP_INPUT_INVALID with every mistake.
 */
export function kafkaAttributesOf(config: Trigger, name: string, annotations: Record<string, string>): KafkaAttributes {
  const { url, explicitAckMode, waitExplicitAckDuringRebalanceTimeout, attributes } = config;
  const fields = { explicitAckMode: explicitAckMode || undefined, waitExplicitAckDuringRebalanceTimeout, brokers: url || undefined };
  const given = [fromAnnotations(annotations), fields, attributes ?? {}].flatMap((source) =>
    Object.entries(source).filter(([, value]) => value !== undefined && value !== null),
  );
  return parse(kafkaAttributesSchema, merged(given), `The attributes of trigger ${name}`);
}

/** Names among the attributes that nothing reads: those of Nuclio's client library, and mistakes. */
export function unreadAttributes({ attributes }: Trigger): string[] {
  const read = new Set(Object.keys(plainSchema.shape).map((name) => name.toLowerCase()));
  return Object.keys(attributes ?? {}).filter((name) => !read.has(name.toLowerCase()));
}

/** Later values win, whatever the case of their names; those of sasl and tls one by one. */
function merged(entries: readonly [string, unknown][]): Record<string, unknown> {
  const result: Record<string, unknown> = { brokers: [], topics: [], consumerGroup: '' };
  const names = new Map(Object.keys(result).map((name) => [name.toLowerCase(), name]));
  for (const [given, value] of entries) {
    const name = names.get(given.toLowerCase()) ?? given;
    names.set(name.toLowerCase(), name);
    const before = result[name];
    result[name] = isObject(before) && isObject(value) ? mergedGroup(before, value) : value;
  }
  return result;
}

function mergedGroup(before: object, after: object): Record<string, unknown> {
  const kept = Object.entries(before).filter(([name]) => !Object.keys(after).some((other) => other.toLowerCase() === name.toLowerCase()));
  return Object.fromEntries([...kept, ...Object.entries(after)]);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
