import { randomUUID } from 'node:crypto';
import type { Event } from '../../engine/event.ts';
import { headersOf } from '../headers.ts';
import type { TriggerInfo } from '../options.ts';

const FORM = 'application/x-www-form-urlencoded';
const NO_TRIGGER = { kind: 'http', name: '' };

/** An event as Nuclio's processor hands it to wrappers: a JSON object with the body in base64, and the end of the line. */
export function eventLineOf(event: Event, head: string, trigger: TriggerInfo | undefined): string {
  const { method, target, timestamp, attributes = {} } = event;
  const headers = headersOf(head);
  const [path = '', query = ''] = target.split(/\?(.*)/s);
  const body = Buffer.from(event.body.buffer, event.body.byteOffset, event.body.length);
  const contentType = attributes.contentType ?? headers.get('content-type') ?? '';
  const form = contentType.startsWith(FORM) ? body.toString() : '';
  const { kind, name } = trigger ?? NO_TRIGGER;
  const line = JSON.stringify({
    body: body.toString('base64'),
    content_type: contentType,
    'content-type': contentType,
    trigger: { class: kind === 'http' ? 'sync' : 'async', kind, name },
    fields: Object.fromEntries([...new URLSearchParams(query), ...new URLSearchParams(form)]),
    headers: headers.byName,
    id: attributes.id ?? randomUUID(),
    method,
    path: attributes.path ?? (path || '/'),
    size: body.length,
    timestamp: Math.floor(timestamp / 1000),
    url: attributes.url ?? `http://${headers.get('host') ?? ''}${target}`,
    shard_id: attributes.shardId ?? 0,
    num_shards: attributes.numShards ?? 0,
    type: attributes.type ?? '',
    type_version: attributes.typeVersion ?? '',
    version: attributes.version ?? '',
    offset: attributes.offset ?? 0,
    topic: attributes.topic ?? '',
  });
  return `${line}\n`;
}
