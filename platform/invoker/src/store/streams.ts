import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import type { Settings } from '../settings.ts';

export const streams = {
  jobs: 'INVOKER_JOBS',
  states: 'INVOKER_STATES',
  deadLetters: 'INVOKER_DEAD_LETTERS',
  callbacks: 'INVOKER_CALLBACKS',
} as const;

const anyOf = (part: string | undefined) => part ?? '*';
/** NAMESPACE/NAME, or those of all functions, as two parts of a subject. */
const partsOf = (functionName: string | undefined) => functionName?.replace('/', '.') ?? '*.*';

/** Where each thing lies. What is left out stands for all. */
export const subjects = {
  job: (functionName?: string) => `invoker.jobs.${partsOf(functionName)}`,
  state: (id?: string, functionName?: string) => `invoker.states.${anyOf(id)}.${partsOf(functionName)}`,
  deadLetter: (id?: string, functionName?: string) => `invoker.dead.${anyOf(id)}.${partsOf(functionName)}`,
  callback: (functionName?: string) => `invoker.callbacks.${partsOf(functionName)}`,
  /** Not kept: told to all invokers, for the one that has it in hand. */
  cancel: (id?: string) => `invoker.cancel.${anyOf(id)}`,
} as const;

/** The function whose jobs, or callbacks, lie at a subject. */
export function functionOf(subject: string): string {
  return subject.split('.').slice(-2).join('/');
}

const NS_PER_SECOND = 1_000_000_000;
const SMALL_BYTES = 32 * 1024 * 1024;
/** Requests that come again so soon are told by their message ids alone. */
const DUPLICATE_SECONDS = 120;
const STREAM_NOT_FOUND = 10_059;

/** Makes the streams, or brings them up to date. All refuse what does not fit: nothing is dropped to make room. */
export async function ensureStreams(manager: JetStreamManager, limits: Settings['store']): Promise<void> {
  const { queueBytes, statesBytes, deadLetterBytes, maxQueuedPerFunction, keepSeconds } = limits;
  const queue = { retention: RetentionPolicy.Workqueue, discard_new_per_subject: true };
  const boundOf = async (name: string) => Math.max(maxQueuedPerFunction, await mostOfOne(manager, name));
  const bucket = { max_msgs_per_subject: 1 };
  const all: Partial<StreamConfig>[] = [
    {
      ...queue,
      name: streams.jobs,
      subjects: [subjects.job()],
      max_bytes: queueBytes,
      max_msgs_per_subject: await boundOf(streams.jobs),
      // A key that was forgotten may come again.
      duplicate_window: Math.min(keepSeconds, DUPLICATE_SECONDS) * NS_PER_SECOND,
    },
    { ...bucket, name: streams.states, subjects: [subjects.state()], max_bytes: statesBytes, allow_msg_ttl: true },
    { ...bucket, name: streams.deadLetters, subjects: [subjects.deadLetter()], max_bytes: deadLetterBytes },
    {
      ...queue,
      name: streams.callbacks,
      subjects: [subjects.callback()],
      max_bytes: SMALL_BYTES,
      max_msgs_per_subject: await boundOf(streams.callbacks),
    },
  ];
  for (const config of all) await ensureStream(manager, { ...config, storage: StorageType.File, discard: DiscardPolicy.New });
}

/** How many messages a function has at most: NATS would drop those beyond a bound that is new to it. */
async function mostOfOne(manager: JetStreamManager, name: string): Promise<number> {
  try {
    const { state } = await manager.streams.info(name, { subjects_filter: '>' });
    return Object.values(state.subjects ?? {}).reduce((most, count) => Math.max(most, count), 0);
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND;
}

async function ensureStream(manager: JetStreamManager, { name = '', ...config }: Partial<StreamConfig>): Promise<void> {
  // Not the other way round: NATS refuses to add a stream for which it has no room a second time, before it sees that it is there.
  try {
    await manager.streams.update(name, config);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await manager.streams.add({ name, ...config });
  }
}
