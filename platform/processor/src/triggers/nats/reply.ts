import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { Answer } from '../../engine/event.ts';

const CONTENT_TYPE = /^content-type:[ \t]*(.*?)[ \t]*$/im;

/** Answers a request with the handler's answer. An error is told as services of NATS tell it (ADR-32), with the status as its code. */
export function reply(message: Msg, { status, head, body, refusal }: Answer): void {
  if (!message.reply) return;
  const lines = headers();
  const [, contentType] = CONTENT_TYPE.exec(head) ?? [];
  if (contentType) lines.set('Content-Type', contentType);
  if (status >= 400) setError(lines, status, refusal ?? 'the handler failed');
  message.respond(body, { headers: lines });
}

function setError(lines: MsgHdrs, status: number, description: string): void {
  lines.set('Nats-Service-Error-Code', String(status));
  lines.set('Nats-Service-Error', description);
}
