import { textOfHead } from '../triggers/cloudevents/head-lines.ts';

/** Where a span belongs: https://www.w3.org/TR/trace-context/ */
export interface SpanContext {
  traceId: string;
  spanId: string;
  isSampled: boolean;
}

/** What an event says of the trace that it is part of. */
export interface Parent extends SpanContext {
  /** As it came; empty where there is none. */
  state: string;
}

const TRACE_LINE = /^(ce-)?(traceparent|tracestate):[ \t]*(.*?)[ \t]*\r?$/gim;
const OWN_LINES = /^trace(?:parent|state):.*\r\n/gim;
/** Version 00 ends here; later ones may go on after a dash. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = /^0+$/;
const SAMPLED = 1;

/** The value of a traceparent; undefined where it is not valid. */
export function parseTraceparent(text: string): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', rest] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (NO_TRACE.test(traceId) || NO_TRACE.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

export function traceparentOf({ traceId, spanId, isSampled }: SpanContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** The parent that a head names: the one of the last hop, else the one that a CloudEvent brings from where it was made. */
export function parentOf(head: Uint8Array | string): Parent | undefined {
  const own: Record<string, string[]> = {};
  const brought: Record<string, string[]> = {};
  for (const [, prefix, name = '', value = ''] of textOfHead(head).matchAll(TRACE_LINE)) {
    const lines = prefix === undefined ? own : brought;
    const key = name.toLowerCase();
    lines[key] = [...(lines[key] ?? []), value];
  }
  return parentFrom(own) ?? parentFrom(brought);
}

/** The state goes on only with a valid parent, and two parents are none. */
function parentFrom({ traceparent = [], tracestate = [] }: Record<string, string[]>): Parent | undefined {
  const [text, ...others] = traceparent;
  const context = text === undefined || others.length > 0 ? undefined : parseTraceparent(text);
  return context && { ...context, state: tracestate.filter((each) => each !== '').join(',') };
}

/** The head as the handler shall see it: within the given span. */
export function headWithin(head: Uint8Array | string, context: SpanContext, state: string): string {
  const stateLine = state === '' ? '' : `tracestate: ${state}\r\n`;
  return `traceparent: ${traceparentOf(context)}\r\n${stateLine}${textOfHead(head).replace(OWN_LINES, '')}`;
}
