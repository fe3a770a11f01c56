import type { KafkaRecord } from '@platformatic/kafka';
import type { Event } from '../../engine/event.ts';
import { headLine } from '../delivery/head.ts';

const EMPTY = new Uint8Array();
const CONTENT_TYPE = 'content-type';
const KEY = 'x-kafka-key';
const LINE_BREAKS = /[\r\n\0]/;

/** An event with the record that it was made from, for a dead letter that is the same. */
export interface KafkaEvent extends Event {
  record: KafkaRecord;
}

export function isKafkaEvent(event: Event): event is KafkaEvent {
  return 'record' in event;
}

/** Where a record comes from. */
export interface RecordSource {
  trigger: number;
  topic: string;
  partition: number;
  numShards: number;
  /** Which worker its events are bound to, if any. */
  worker?: number | undefined;
}

/** An event with Nuclio's fields: path is the topic. The key is the header x-kafka-key. */
export function eventOf(record: KafkaRecord, source: RecordSource, offset: number, timestamp: number): KafkaEvent {
  const { key, headers } = record;
  const { trigger, topic, partition, numShards, worker } = source;
  let head = key === null ? '' : keyLine(key);
  let contentType = '';
  for (const [nameBytes, value] of headers) {
    const name = nameBytes?.toString() ?? '';
    const text = value?.toString() ?? '';
    head += headLine(name, text);
    if (name.length === CONTENT_TYPE.length && name.toLowerCase() === CONTENT_TYPE) contentType = text;
  }
  return {
    trigger,
    timestamp,
    method: '',
    target: topic,
    head,
    body: record.value ?? EMPTY,
    attributes: { id: `${topic}-${partition}-${offset}`, contentType, topic, shardId: partition, numShards, offset },
    worker,
    record,
  };
}

/** As headLine does it, but most records have a key and most keys need no care. */
function keyLine(key: Buffer): string {
  const text = key.toString('latin1');
  return LINE_BREAKS.test(text) ? headLine(KEY, key.toString()) : `${KEY}: ${text}\r\n`;
}
