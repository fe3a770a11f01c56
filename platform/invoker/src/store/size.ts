import type { JetStreamManager } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';

const AT_A_TIME = 500;
const READ_MS = 5000;
/** What NATS says of a message whose body it leaves out. */
const BODY_SIZE = 'Nats-Msg-Size';

/** Bytes of all messages at such subjects; NATS counts those of a whole stream alone. */
export async function bytesAt(manager: JetStreamManager, stream: string, subject: string): Promise<number> {
  let bytes = 0;
  for await (const headers of headersAt(manager, stream, subject)) {
    for (const [name, values] of headers) bytes += name === BODY_SIZE ? Number(values[0]) : name.length + values.join().length;
  }
  return bytes;
}

/** The headers of all messages at such subjects. */
export async function* headersAt(manager: JetStreamManager, stream: string, subject: string): AsyncGenerator<MsgHdrs> {
  const consumer = await manager.jetstream().consumers.get(stream, { filter_subjects: subject, headers_only: true });
  let { num_pending: pending } = await consumer.info();
  while (pending > 0) {
    const asked = pending;
    for await (const { headers, info } of await consumer.fetch({ max_messages: Math.min(pending, AT_A_TIME), expires: READ_MS })) {
      if (headers !== undefined) yield headers;
      pending = info.pending;
      if (pending === 0) break;
    }
    // What was there has gone meanwhile.
    if (pending === asked) break;
  }
  await consumer.delete();
}
