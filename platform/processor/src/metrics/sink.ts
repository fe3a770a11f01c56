import { parse } from '@ampoule/lib/parse';
import * as z from 'zod/mini';
import { type Address, addressOf, type PlatformConfig } from '../config.ts';
import { zodOf } from '../schema.ts';
import { PlainServer } from '../triggers/http/plain-server.ts';
import { EXPOSITION_TYPE, expositionOf, type Family } from './exposition.ts';

const sinkSchema = z.looseObject({
  kind: z.string(),
  url: z.optional(z.string()),
  attributes: z.nullish(z.looseObject({ instanceName: z.optional(z.string()) })),
});

export interface PullSink {
  address: Address;
  instance: string | undefined;
}

const MAX_HEAD = 8192;

/** The Prometheus pull sink that the platform wants for functions, if any. @throws AMP_INPUT_INVALID */
export function pullSinkOf({ metrics }: PlatformConfig): PullSink | undefined {
  for (const name of metrics.functions) {
    const sink = parse(zodOf(sinkSchema), metrics.sinks[name] ?? { kind: 'none' }, `metrics.sinks.${name}`);
    if (sink.kind === 'prometheusPull') return { address: addressOf(sink.url || ':8090'), instance: sink.attributes?.instanceName };
  }
  return undefined;
}

/** A server for GET /metrics. */
export function metricsServer(families: () => Family[]): PlainServer {
  return new PlainServer({
    maxHead: MAX_HEAD,
    maxBody: 0,
    request({ target }, send) {
      const isKnown = target.split('?')[0] === '/metrics';
      const body = Buffer.from(isKnown ? expositionOf(families()) : 'Not Found');
      send({ status: isKnown ? 200 : 404, head: `content-type: ${isKnown ? EXPOSITION_TYPE : 'text/plain'}\r\n`, body, duration: 0 }, '');
    },
  });
}
