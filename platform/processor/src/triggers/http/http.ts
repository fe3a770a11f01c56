import { paths, ports } from '@ampoule/platform-api/constants';
import { addressOf } from '../../config.ts';
import type { Answer, Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import type { Workers } from '../../engine/workers.ts';
import { turnDate } from '../../turn-time.ts';
import { CloudEventWorkers } from '../cloudevents/workers.ts';
import { batchPolicyOf } from '../delivery/batcher.ts';
import { GatheringWorkers } from '../delivery/gathering-workers.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';
import { httpAttributesOf } from './attributes.ts';
import type { Request, Send } from './connection.ts';
import { type Cors, corsHead, preflightAnswer } from './cors.ts';
import { MOST_QUIET_MS } from './pass-on.ts';
import { otherPathOf } from './path.ts';
import { PlainServer } from './plain-server.ts';

const NOTHING = Buffer.alloc(0);
/** Longer than a client that is there sends nothing of a body. */
const MOST_BODY_MS = 30_000;

/** Turns HTTP requests into events. */
export class HttpTrigger implements Trigger {
  readonly kind = 'http';
  readonly #context: TriggerContext;
  readonly #server: PlainServer;
  readonly #cors: Cors | undefined;
  readonly #gathering: GatheringWorkers | undefined;
  readonly #workers: Workers;
  readonly #cloudEventWorkers: Workers;
  #port = 0;

  /** @throws AMP_INPUT_INVALID */
  constructor(context: TriggerContext) {
    this.#context = context;
    const { config, workers, name, streamsRequests = false, eventTimeoutMs = Number.POSITIVE_INFINITY } = context;
    const { cors, maxRequestBodySize, readBufferSize } = httpAttributesOf(config, name);
    this.#cors = cors.enabled ? cors : undefined;
    const batch = batchPolicyOf(config, name);
    this.#gathering = batch && new GatheringWorkers(workers, batch);
    this.#workers = this.#gathering ?? workers;
    // In front of the batches, so that each event of a batch of CloudEvents counts as one.
    this.#cloudEventWorkers = new CloudEventWorkers(this.#workers);
    const request = (each: Request, send: Send) => this.#serve(each, send);
    // A batch waits for its events, so these come whole.
    const streams = streamsRequests && batch === undefined ? { bodyTimeoutMs: Math.min(eventTimeoutMs, MOST_BODY_MS) } : undefined;
    const answerTimeoutMs = Math.min(eventTimeoutMs, MOST_QUIET_MS);
    this.#server = new PlainServer({ maxHead: readBufferSize, maxBody: maxRequestBodySize, streams, answerTimeoutMs, request });
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    this.#port = await this.#server.start(addressOf(this.#context.config.url || `:${ports.http}`));
  }

  async stop(limitMs: number): Promise<void> {
    this.#gathering?.close();
    await this.#server.stop(limitMs);
  }

  #serve(request: Request, send: Send): void {
    const { method, target, head, framed, facts, body, pieces } = request;
    const refusal = target.startsWith(paths.health) ? textAnswer(200, 'ok') : this.#refusalByCors(request);
    if (refusal !== undefined) {
      send(refusal, '');
      return;
    }
    const extra = this.#cors === undefined || facts.origin === undefined ? '' : (corsHead(this.#cors, facts.origin) ?? '');
    const path = otherPathOf(target);
    const event: Event = {
      trigger: this.#context.index,
      timestamp: turnDate(),
      method,
      target,
      head,
      framed,
      body,
      pieces,
      attributes: path === undefined ? undefined : { path },
      takesStream: true,
    };
    const settle = (answer: Answer) => send(answer, extra);
    if (facts.mayBeCloudEvent) this.#cloudEventWorkers.submit(event, settle);
    else this.#workers.submit(event, settle);
  }

  /** The answer to a preflight, and to a request from an origin that is not allowed, which as with Nuclio is empty. */
  #refusalByCors({ method, head, facts: { origin } }: Request): Answer | undefined {
    if (this.#cors === undefined || origin === undefined) return undefined;
    if (method === 'OPTIONS') return preflightAnswer(this.#cors, origin, wantedOf(head));
    if (corsHead(this.#cors, origin) !== undefined) return undefined;
    return { status: 200, head: 'vary: Origin\r\n', body: NOTHING, duration: 0 };
  }
}

function wantedOf(head: Buffer): { method: string; headers: string } {
  const text = head.toString('latin1');
  const method = /^access-control-request-method:\s*(\S+)/im.exec(text)?.[1] ?? '';
  const headers = /^access-control-request-headers:[ \t]*(.*)$/im.exec(text)?.[1]?.trim() ?? '';
  return { method, headers };
}
