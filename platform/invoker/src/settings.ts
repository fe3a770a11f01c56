import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';

const MIB = 1024 * 1024;
const positive = z.coerce.number().int().positive();
const port = z.coerce.number().int();
const networks = z
  .string()
  .transform((text) => text.split(',').filter((network) => network !== ''))
  .pipe(z.array(z.union([z.cidrv4(), z.cidrv6()])));

/** This host, or no host at all. */
const LOCAL_NETWORKS = ['0.0.0.0/8', '127.0.0.0/8', '::/96'];

const settingsSchema = z.object({
  AMPOULE_NATS_SERVER: z.string().default('nats.ampoule-system.svc:4222'),
  /** File that holds the token which NATS asks for; none when absent. */
  AMPOULE_NATS_TOKEN_FILE: z.string().min(1).optional(),
  /** Files that hold the tokens of the internal API and of the intake. */
  AMPOULE_INVOKER_TOKEN_FILE: z.string().min(1),
  AMPOULE_INVOKER_INTAKE_TOKEN_FILE: z.string().min(1),
  AMPOULE_INVOKER_HOST: z.string().default('0.0.0.0'),
  /** What is known of an invocation, for whoever has its id. */
  AMPOULE_INVOKER_PORT: port.default(8080),
  /** Lists and dead letters, for the dashboard. */
  AMPOULE_ADMIN_PORT: port.default(8081),
  /** Requests that become invocations, from the gateway and the dashboard. */
  AMPOULE_INTAKE_PORT: port.default(8082),
  AMPOULE_STATUS_PORT: port.default(8083),
  /** Where a function is called, with {name} and {namespace} in their places. */
  AMPOULE_FUNCTION_URL: z
    .string()
    .regex(/^http:\/\//, 'must begin with http://')
    .default('http://nuclio-{name}.{namespace}.svc:8080'),
  /** Calls at a time, of all functions together and of one. */
  AMPOULE_MAX_RUNNING: positive.default(64),
  AMPOULE_MAX_RUNNING_PER_FUNCTION: positive.default(16),
  AMPOULE_CALL_TIMEOUT_SECONDS: z.coerce.number().positive().default(600),
  AMPOULE_MAX_BODY_BYTES: positive.default(MIB),
  AMPOULE_MAX_RESULT_BYTES: positive.default(MIB),
  /** Bodies of all requests that are being taken, which are in memory until they are on the disk. */
  AMPOULE_INTAKE_BYTES: positive.default(32 * MIB),
  /** Results, and the keys that make requests idempotent, are kept this long. */
  AMPOULE_KEEP_SECONDS: positive.default(86_400),
  /** The longest wait before the second attempt; it doubles with each, up to the last. */
  AMPOULE_BACKOFF_FIRST_SECONDS: z.coerce.number().positive().default(1),
  AMPOULE_BACKOFF_LAST_SECONDS: z.coerce.number().positive().default(300),
  AMPOULE_CALLBACK_ATTEMPTS: positive.default(6),
  /** No callback goes there, each a list with commas: what is no other host, and the pods and services of the cluster. */
  AMPOULE_LOCAL_NETWORKS: networks.default(LOCAL_NETWORKS),
  AMPOULE_CLUSTER_NETWORKS: networks.default([]),
  /** A host of the cluster, where callbacks go to the ingress alone; the API server tells of the others. */
  AMPOULE_NODE_ADDRESS: z.union([z.ipv4(), z.ipv6()]).optional(),
  /** Of Kubernetes, in every pod. */
  KUBERNETES_SERVICE_HOST: z.string().optional(),
  /** What an invoker had in hand that gave no sign of life for so long is taken up anew. */
  AMPOULE_ACK_WAIT_SECONDS: z.coerce.number().min(1).default(30),
  AMPOULE_MAX_QUEUED_PER_FUNCTION: positive.default(10_000),
  /** What NATS may keep of each. Together they have to be less than its max_file_store. */
  AMPOULE_QUEUE_BYTES: positive.default(256 * MIB),
  AMPOULE_STATES_BYTES: positive.default(384 * MIB),
  AMPOULE_DEAD_LETTER_BYTES: positive.default(192 * MIB),
  /** Calls that run have so long to end when the invoker is stopped; then they are put back. */
  AMPOULE_DRAIN_SECONDS: z.coerce.number().min(0).default(40),
  LOG_LEVEL: z.string().default('info'),
});

/** The environment variables that the invoker reads. @throws AMP_INPUT_INVALID with all mistakes */
export function readSettings(env: NodeJS.ProcessEnv) {
  const found = parse(settingsSchema, env, 'the environment');
  return {
    nats: { server: found.AMPOULE_NATS_SERVER, tokenFile: found.AMPOULE_NATS_TOKEN_FILE },
    tokenFile: found.AMPOULE_INVOKER_TOKEN_FILE,
    intakeTokenFile: found.AMPOULE_INVOKER_INTAKE_TOKEN_FILE,
    host: found.AMPOULE_INVOKER_HOST,
    ports: {
      public: found.AMPOULE_INVOKER_PORT,
      admin: found.AMPOULE_ADMIN_PORT,
      intake: found.AMPOULE_INTAKE_PORT,
      status: found.AMPOULE_STATUS_PORT,
    },
    functionUrl: found.AMPOULE_FUNCTION_URL,
    maxRunning: found.AMPOULE_MAX_RUNNING,
    maxRunningPerFunction: found.AMPOULE_MAX_RUNNING_PER_FUNCTION,
    callTimeoutMs: found.AMPOULE_CALL_TIMEOUT_SECONDS * 1000,
    maxBodyBytes: found.AMPOULE_MAX_BODY_BYTES,
    maxResultBytes: found.AMPOULE_MAX_RESULT_BYTES,
    intakeBytes: found.AMPOULE_INTAKE_BYTES,
    backoff: { firstMs: found.AMPOULE_BACKOFF_FIRST_SECONDS * 1000, lastMs: found.AMPOULE_BACKOFF_LAST_SECONDS * 1000 },
    callbackAttempts: found.AMPOULE_CALLBACK_ATTEMPTS,
    callbacks: {
      refused: [...found.AMPOULE_LOCAL_NETWORKS, ...found.AMPOULE_CLUSTER_NETWORKS],
      nodeAddress: found.AMPOULE_NODE_ADDRESS,
    },
    isInCluster: found.KUBERNETES_SERVICE_HOST !== undefined,
    drainMs: found.AMPOULE_DRAIN_SECONDS * 1000,
    store: {
      keepSeconds: found.AMPOULE_KEEP_SECONDS,
      ackWaitMs: found.AMPOULE_ACK_WAIT_SECONDS * 1000,
      maxQueuedPerFunction: found.AMPOULE_MAX_QUEUED_PER_FUNCTION,
      queueBytes: found.AMPOULE_QUEUE_BYTES,
      statesBytes: found.AMPOULE_STATES_BYTES,
      deadLetterBytes: found.AMPOULE_DEAD_LETTER_BYTES,
    },
    logLevel: found.LOG_LEVEL,
  };
}

export type Settings = ReturnType<typeof readSettings>;
