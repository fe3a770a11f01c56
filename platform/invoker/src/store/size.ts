import type { MsgHdrs } from '@nats-io/transport-node';
import { type PullFrom, pull } from './pull.ts';

/** What NATS says of a message whose body it leaves out. */
const BODY_SIZE = 'Nats-Msg-Size';

/** Bytes of all messages at such subjects; NATS counts those of a whole stream alone. */
export async function bytesAt(from: PullFrom, subject: string): Promise<number> {
  let bytes = 0;
  for await (const headers of headersAt(from, subject)) {
    for (const [name, values] of headers) bytes += name === BODY_SIZE ? Number(values[0]) : name.length + values.join().length;
  }
  return bytes;
}

/** The headers of all messages at such subjects. */
export async function* headersAt(from: PullFrom, subject: string): AsyncGenerator<MsgHdrs> {
  for await (const { headers } of pull(from, { filter_subjects: subject })) if (headers !== undefined) yield headers;
}
