import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { type Call, call } from '../delivery/call.ts';
import type { TokenSource } from './credentials.ts';
import { PubSubError } from './pubsub-error.ts';

const TIMEOUT_MS = 30_000;
/** The service holds a pull until there is something, though not for ever. */
const PULL_TIMEOUT_MS = 120_000;
const MS_PER_SECOND = 1000;
const UNAUTHENTICATED = 401;

const messageSchema = z.object({
  data: z.string().default(''),
  attributes: z.record(z.string(), z.string()).default({}),
  messageId: z.string(),
  publishTime: z.string().optional(),
  orderingKey: z.string().default(''),
});
const receivedSchema = z.object({ ackId: z.string(), message: messageSchema });
const pullSchema = z.object({ receivedMessages: z.array(receivedSchema).default([]) });

export type PubSubMessage = z.output<typeof messageSchema>;
export type Received = z.output<typeof receivedSchema>;

export interface NewSubscription {
  topic: string;
  ackDeadlineMs: number;
  /** After this time without a reader the service removes it. */
  expiresMs?: number | undefined;
}

/** Speaks the REST API of Pub/Sub: https://cloud.google.com/pubsub/docs/reference/rest */
export class PubSubClient {
  readonly #url: string;
  readonly #tokens: TokenSource | undefined;

  constructor(url: string, tokens: TokenSource | undefined) {
    this.#url = url.replace(/\/$/, '');
    this.#tokens = tokens;
  }

  /** False where it is there already. */
  async subscribe(subscription: string, { topic, ackDeadlineMs, expiresMs }: NewSubscription): Promise<boolean> {
    const ackDeadlineSeconds = Math.round(ackDeadlineMs / MS_PER_SECOND);
    const expirationPolicy = expiresMs === undefined ? undefined : { ttl: `${expiresMs / MS_PER_SECOND}s` };
    try {
      await this.#call('PUT', subscription, { topic, ackDeadlineSeconds, expirationPolicy });
      return true;
    } catch (error) {
      if (error instanceof PubSubError && error.status === 'ALREADY_EXISTS') return false;
      throw error;
    }
  }

  /** Whether a topic is there; true also where that may not be asked. */
  async hasTopic(topic: string): Promise<boolean> {
    try {
      await this.#call('GET', topic);
      return true;
    } catch (error) {
      if (error instanceof PubSubError && error.status === 'NOT_FOUND') return false;
      // Who may publish may not always look.
      if (error instanceof PubSubError && error.status === 'PERMISSION_DENIED') return true;
      throw error;
    }
  }

  /** Waits for a message; none where there was none for a while. */
  async pull(subscription: string, maxMessages: number, signal: AbortSignal): Promise<Received[]> {
    const text = await this.#call('POST', `${subscription}:pull`, { maxMessages }, { timeoutMs: PULL_TIMEOUT_MS, signal });
    return parseJson(pullSchema, text, 'The answer to a pull').receivedMessages;
  }

  async acknowledge(subscription: string, ackIds: readonly string[]): Promise<void> {
    await this.#call('POST', `${subscription}:acknowledge`, { ackIds });
  }

  /** 0 gives the messages back. */
  async modifyAckDeadline(subscription: string, ackIds: readonly string[], milliseconds: number): Promise<void> {
    await this.#call('POST', `${subscription}:modifyAckDeadline`, { ackIds, ackDeadlineSeconds: Math.round(milliseconds / MS_PER_SECOND) });
  }

  async publish(topic: string, { data, attributes }: Pick<PubSubMessage, 'data' | 'attributes'>): Promise<void> {
    await this.#call('POST', `${topic}:publish`, { messages: [{ data, attributes }] });
  }

  async #call(
    method: Call['method'],
    path: string,
    body: object = {},
    options: Pick<Call, 'timeoutMs' | 'signal'> = { timeoutMs: TIMEOUT_MS },
  ): Promise<string> {
    let token: string | undefined;
    const attempt = async () => {
      token = await this.#tokens?.get();
      const headers = { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
      return call({ url: `${this.#url}/v1/${path}`, method, headers, body: JSON.stringify(body), ...options });
    };
    let answer = await attempt();
    if (answer.status === UNAUTHENTICATED && this.#tokens !== undefined && token !== undefined) {
      // It may have been revoked before its time.
      this.#tokens.drop(token);
      answer = await attempt();
    }
    if (answer.status !== 200) throw PubSubError.of(answer);
    return answer.text;
  }
}
