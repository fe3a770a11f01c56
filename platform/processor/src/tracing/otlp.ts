import type { SpanContext } from './trace-context.ts';

export type AttributeValue = string | number | boolean;
export type Attributes = Record<string, AttributeValue | undefined>;

/** Numbers of OTLP. */
export const spanKind = { server: 2, consumer: 5 } as const;

export interface Span {
  context: SpanContext;
  parentSpanId: string | undefined;
  state: string;
  name: string;
  kind: (typeof spanKind)[keyof typeof spanKind];
  /** Milliseconds since 1970, with fractions. */
  start: number;
  end: number;
  attributes: Attributes;
  isError: boolean;
}

const SCOPE = { name: 'ampoule.processor' };
const STATUS_ERROR = 2;
const FLAG_SAMPLED = 1;
const MICROSECONDS_PER_MS = 1000;

/** The body of POST /v1/traces in JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). */
export function tracesBody(resource: Attributes, spans: readonly Span[]): string {
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes: attributesOf(resource) }, scopeSpans: [{ scope: SCOPE, spans: spans.map(encode) }] }],
  });
}

function encode({ context, parentSpanId, state, name, kind, start, end, attributes, isError }: Span): object {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    ...(state === '' ? {} : { traceState: state }),
    flags: FLAG_SAMPLED,
    name,
    kind,
    startTimeUnixNano: nanosecondsOf(start),
    endTimeUnixNano: nanosecondsOf(end),
    attributes: attributesOf(attributes),
    ...(isError ? { status: { code: STATUS_ERROR } } : {}),
  };
}

function attributesOf(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: encodeValue(value) }]));
}

/** 64-bit integers are text in this encoding. */
function encodeValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** Nanoseconds do not fit into a number, microseconds do. */
function nanosecondsOf(milliseconds: number): string {
  return `${Math.round(milliseconds * MICROSECONDS_PER_MS)}000`;
}
