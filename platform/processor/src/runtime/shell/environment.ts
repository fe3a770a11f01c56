import { randomUUID } from 'node:crypto';
import type { Event } from '../../engine/event.ts';
import type { Headers } from '../headers.ts';
import type { TriggerInfo } from '../options.ts';

/** Environment variables that tell a program of its event, by Nuclio's names. */
export function environmentOf(event: Event, headers: Headers, trigger: TriggerInfo | undefined): Record<string, string> {
  const { method, target, timestamp, attributes = {} } = event;
  const variables = {
    NUCLIO_EVENT_ID: attributes.id ?? randomUUID(),
    NUCLIO_EVENT_CONTENT_TYPE: attributes.contentType ?? headers.get('content-type') ?? '',
    NUCLIO_EVENT_TIMESTAMP: new Date(timestamp).toISOString(),
    NUCLIO_EVENT_PATH: attributes.path ?? target.split('?')[0] ?? '',
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
  // A variable ends with its first NUL, and no program starts with one that has more behind it. A path can bring some along: /%00.
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value.replaceAll('\0', '')]));
}

/** Under the names that programs for OpenTelemetry look for. */
function traceOf(headers: Headers): Record<string, string> {
  const traceparent = headers.get('traceparent');
  if (traceparent === undefined) return {};
  const tracestate = headers.get('tracestate');
  return { TRACEPARENT: traceparent, ...(tracestate === undefined ? {} : { TRACESTATE: tracestate }) };
}
