import { parseJson } from '@ampoule/lib/parse';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type * as z from 'zod';

/** Facts about a message stand in this header as JSON, so that they can be read without its body. */
const HEAD = 'Ampoule-Head';

/** Headers with these facts. New ones for each message, since the client adds its own to what it gets. */
export function headersWith(head: object): MsgHdrs {
  const lines = headers();
  lines.set(HEAD, JSON.stringify(head));
  return lines;
}

/** The facts about a message. @throws AMP_INPUT_INVALID */
export function headOf<T extends z.ZodType>(schema: T, lines: MsgHdrs | undefined): z.output<T> {
  return parseJson(schema, lines?.get(HEAD) ?? '', 'A message of the invoker');
}
