import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream';
import { type Pulled, type PullFrom, pull } from './pull.ts';

export interface PageOptions {
  /** Of the entries that are wanted, with wildcards. */
  subject: string;
  limit: number;
  /** Only what was written before this sequence number; everything when absent. */
  before?: number | undefined;
}

export interface Page<Item> {
  items: Item[];
  /** `before` of the next page; absent where there is no more. */
  next?: number;
}

const NS_PER_SECOND = 1_000_000_000;
const FORGOTTEN_SECONDS = 10;

/**
 * The last messages of a stream, without their bodies, the newest first. NATS reads forwards alone, so where the page begins is found by
 * asking how many messages follow a place. However much there is, no more than a page of it is in memory.
 */
export async function pageOf(from: PullFrom, options: PageOptions): Promise<Page<Pulled>> {
  const { subject, limit, before = Number.MAX_SAFE_INTEGER } = options;
  const { manager, stream } = from;
  const { first_seq: first, last_seq: last, messages } = (await manager.streams.info(stream)).state;
  const end = Math.min(before - 1, last);
  if (messages === 0 || end < first) return { items: [] };
  const countFrom = (place: number) => countOf(from, { subject, place });
  const wanted = limit + (end === last ? 0 : await countFrom(end + 1));
  const isMore = (await countFrom(first)) > wanted;
  const start = isMore ? await lastPlaceWith(wanted, { low: first, high: end, countFrom }) : first;
  const items = await read(from, { subject, start, end, limit });
  return { items: items.reverse(), ...(isMore ? { next: start } : {}) };
}

/** The last place from which on there are so many messages. */
async function lastPlaceWith(
  wanted: number,
  { low, high, countFrom }: { low: number; high: number; countFrom: (place: number) => Promise<number> },
): Promise<number> {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.ceil((from + to) / 2);
    if ((await countFrom(middle)) >= wanted) from = middle;
    else to = middle - 1;
  }
  return from;
}

async function countOf({ manager, stream }: PullFrom, { subject, place }: { subject: string; place: number }): Promise<number> {
  const { name, num_pending: count } = await manager.consumers.add(stream, {
    filter_subject: subject,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: place,
    ack_policy: AckPolicy.None,
    mem_storage: true,
    inactive_threshold: FORGOTTEN_SECONDS * NS_PER_SECOND,
  });
  await manager.consumers.delete(stream, name);
  return count;
}

async function read(
  from: PullFrom,
  { subject, start, end, limit }: { subject: string; start: number; end: number; limit: number },
): Promise<Pulled[]> {
  const found: Pulled[] = [];
  const wanted = { filter_subjects: subject, deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: start };
  for await (const message of pull(from, wanted, limit)) {
    if (message.sequence <= end) found.push(message);
    if (message.sequence >= end) break;
  }
  return found;
}
