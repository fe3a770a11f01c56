import type { Answer, Event } from '../engine/event.ts';
import type { TriggerInfo } from '../runtime/options.ts';
import { type Attributes, type Span, spanKind } from './otlp.ts';

/** Longer texts are cut, so that a sender cannot fill the store of traces. */
const MAX_TEXT = 256;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

/** What OpenTelemetry calls the systems of our triggers. */
const MESSAGING: Record<string, string> = {
  'kafka-cluster': 'kafka',
  kafka: 'kafka',
  'rabbit-mq': 'rabbitmq',
  rabbitMq: 'rabbitmq',
  nats: 'nats',
  mqtt: 'mqtt',
  kinesis: 'aws_kinesis',
  pubsub: 'gcp_pubsub',
  eventhub: 'eventhubs',
};
const SERVER_ERROR = 500;

/** What a span says of its event before there is an answer. Its name is one of few, whatever comes in. */
export function begunSpan(event: Event, trigger: TriggerInfo, batchSize?: number): Pick<Span, 'name' | 'kind' | 'attributes'> {
  if (trigger.kind === 'http') return requestSpan(event);
  const system = MESSAGING[trigger.kind];
  if (system !== undefined) return messageSpan(event, trigger, { system, batchSize });
  const isTimer = trigger.kind === 'cron';
  return {
    name: trigger.name,
    kind: spanKind.server,
    attributes: {
      'faas.trigger': isTimer ? 'timer' : 'other',
      'faas.time': isTimer ? new Date(event.timestamp).toISOString() : undefined,
    },
  };
}

/** https://opentelemetry.io/docs/specs/semconv/http/http-spans/. Queries are left out: they may hold secrets. */
function requestSpan({ method, target, body }: Event): Pick<Span, 'name' | 'kind' | 'attributes'> {
  const isKnown = METHODS.has(method);
  return {
    name: isKnown ? method : 'HTTP',
    kind: spanKind.server,
    attributes: {
      'faas.trigger': 'http',
      'http.request.method': isKnown ? method : '_OTHER',
      'http.request.method_original': isKnown ? undefined : cut(method),
      'url.scheme': 'http',
      'url.path': cut(target.split('?')[0] ?? ''),
      'http.request.body.size': body.length,
    },
  };
}

/** https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ */
function messageSpan(
  { body, attributes = {} }: Event,
  { name }: TriggerInfo,
  { system, batchSize }: { system: string; batchSize: number | undefined },
): Pick<Span, 'name' | 'kind' | 'attributes'> {
  const { id, topic, shardId, offset } = attributes;
  return {
    // Topics and subjects may be without number; the trigger's name is not.
    name: `process ${name}`,
    kind: spanKind.consumer,
    attributes: {
      'faas.trigger': 'pubsub',
      'messaging.system': system,
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': textOf(topic),
      'messaging.destination.partition.id': shardId === undefined ? undefined : String(shardId),
      'messaging.kafka.offset': system === 'kafka' && typeof offset === 'number' ? offset : undefined,
      'messaging.message.id': textOf(id),
      'messaging.message.body.size': body.length,
      'messaging.batch.message_count': batchSize,
    },
  };
}

/** What the answer adds. */
export function endedSpan({ status, refusal }: Answer, trigger: TriggerInfo): { attributes: Attributes; isError: boolean } {
  const isError = refusal !== undefined || status >= SERVER_ERROR;
  return {
    attributes: {
      'http.response.status_code': trigger.kind === 'http' ? status : undefined,
      'error.type': isError ? (refusal ?? String(status)) : undefined,
    },
    isError,
  };
}

function textOf(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : cut(text);
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
}
