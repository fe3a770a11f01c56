import { randomUUID } from 'node:crypto';
import type { Event } from '../../engine/event.ts';
import type { Headers } from '../headers.ts';
import type { TriggerInfo } from '../options.ts';

/** Environment variables that tell a program of its event, by Nuclio's names. */
export function environmentOf(event: Event, headers: Headers, trigger: TriggerInfo | undefined): Record<string, string> {
  const { method, target, timestamp, attributes = {} } = event;
  return {
    NUCLIO_EVENT_ID: attributes.id ?? randomUUID(),
    NUCLIO_EVENT_CONTENT_TYPE: attributes.contentType ?? headers.get('content-type') ?? '',
    NUCLIO_EVENT_TIMESTAMP: new Date(timestamp).toISOString(),
    NUCLIO_EVENT_PATH: target.split('?')[0] ?? '',
    NUCLIO_EVENT_URL: attributes.url ?? `http://${headers.get('host') ?? ''}${target}`,
    NUCLIO_EVENT_METHOD: method,
    NUCLIO_EVENT_SHARD_ID: String(attributes.shardId ?? 0),
    NUCLIO_EVENT_NUM_SHARDS: String(attributes.numShards ?? 0),
    NUCLIO_EVENT_TYPE: attributes.type ?? '',
    NUCLIO_EVENT_TYPE_VERSION: attributes.typeVersion ?? '',
    NUCLIO_EVENT_VERSION: attributes.version ?? '',
    NUCLIO_TRIGGER_CLASS: trigger?.kind === 'http' ? 'sync' : 'async',
    NUCLIO_TRIGGER_KIND: trigger?.kind ?? '',
    ...traceOf(headers),
  };
}

/** Under the names that programs for OpenTelemetry look for. */
function traceOf(headers: Headers): Record<string, string> {
  const traceparent = headers.get('traceparent');
  if (traceparent === undefined) return {};
  const tracestate = headers.get('tracestate');
  return { TRACEPARENT: traceparent, ...(tracestate === undefined ? {} : { TRACESTATE: tracestate }) };
}
