import type { JetStreamManager, OrderedConsumerOptions } from '@nats-io/jetstream';
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';

export interface Pulled {
  subject: string;
  sequence: number;
  headers: MsgHdrs | undefined;
}

export interface PullFrom {
  connection: NatsConnection;
  manager: JetStreamManager;
  stream: string;
}

const AT_A_TIME = 500;
const ANSWER_MS = 5000;

/**
 * The messages that a stream has now, without their bodies. NATS is asked not to wait for those that have gone meanwhile, which the client's
 * own `fetch` always does: https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-13.md
 */
export async function* pull(
  { connection, manager, stream }: PullFrom,
  wanted: Partial<OrderedConsumerOptions>,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Pulled> {
  const consumer = await manager.jetstream().consumers.get(stream, { ...wanted, headers_only: true });
  try {
    const { name, num_pending: pending } = await consumer.info();
    const most = Math.min(pending, limit);
    // What is written meanwhile could keep this going for ever.
    for (let seen = 0, isMore = true; isMore && seen < most; ) {
      const asked = Math.min(most - seen, AT_A_TIME);
      let came = 0;
      for await (const message of batch(connection, `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, asked)) {
        came++;
        yield { subject: message.subject, sequence: sequenceOf(message), headers: message.headers };
      }
      isMore = came === asked;
      seen += came;
    }
  } finally {
    await consumer.delete();
  }
}

/** So many messages, or fewer where there are no more. */
async function* batch(connection: NatsConnection, subject: string, size: number): AsyncGenerator<Msg> {
  const inbox = createInbox();
  const subscription = connection.subscribe(inbox, { max: size + 1 });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    subscription.unsubscribe();
  }, ANSWER_MS);
  try {
    connection.publish(subject, JSON.stringify({ batch: size, no_wait: true }), { reply: inbox });
    let came = 0;
    for await (const message of subscription) {
      // A status in the place of a message: there are no more.
      if ((message.headers?.code ?? 0) !== 0) return;
      timer.refresh();
      yield message;
      if (++came === size) return;
    }
    throw new Error(isLate ? `NATS did not answer within ${ANSWER_MS / 1000} s` : 'the connection to NATS was closed');
  } finally {
    clearTimeout(timer);
    subscription.unsubscribe();
  }
}

/** Where it stands: https://docs.nats.io/reference/reference-protocols/nats_api_reference#acking-messages, newer servers name the account as well. */
function sequenceOf({ reply = '' }: Msg): number {
  const tokens = reply.split('.');
  return Number(tokens[tokens.length < 11 ? 5 : 7]);
}
