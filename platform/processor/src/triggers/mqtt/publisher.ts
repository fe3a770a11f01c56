import { messageOf } from '@ampoule/lib/errors';
import { connect, type IClientOptions, type IClientPublishOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Answer } from '../../engine/event.ts';
import type { Logger } from '../../logger.ts';

/**
 * Publishes over a connection of its own, which is made when it is needed. On the one that messages come in by, confirmations would
 * wait behind messages that are not read because those in hand wait for confirmations.
 */
export class Publisher {
  readonly #url: string;
  readonly #options: IClientOptions;
  readonly #logger: Logger;
  #client: MqttClient | undefined;

  constructor(url: string, { clientId, properties, ...options }: IClientOptions, logger: Logger) {
    this.#url = url;
    this.#options = { ...options, clean: true };
    this.#logger = logger;
  }

  /** Publishes the answer to a request of MQTT 5. Does nothing where no answer is asked for. */
  async answer({ properties, qos }: IPublishPacket, { status, body }: Answer): Promise<void> {
    if (properties?.responseTopic === undefined) return;
    const { responseTopic: topic, correlationData } = properties;
    const userProperties = { 'x-status': String(status) };
    const options = { qos: qos === 0 ? 0 : 1, properties: { ...(correlationData && { correlationData }), userProperties } } as const;
    try {
      await this.#publish(topic, Buffer.from(body), options);
    } catch (error) {
      this.#logger.warnWith('Answer not published', { topic, error: messageOf(error) });
    }
  }

  /** Publishes a dead letter, with headers beside what the message had. MQTT 3.1.1 has no place for these. */
  async bury({ payload, properties = {} }: IPublishPacket, topic: string, headers: Record<string, string>): Promise<void> {
    const { contentType, correlationData } = properties;
    const userProperties = { ...properties.userProperties, ...headers };
    const kept = { ...(contentType !== undefined && { contentType }), ...(correlationData && { correlationData }), userProperties };
    await this.#publish(topic, payload, { qos: 1, ...(this.#options.protocolVersion === 5 && { properties: kept }) });
  }

  async end(): Promise<void> {
    await this.#client?.endAsync();
  }

  /** Ends it at once. */
  drop(): void {
    this.#client?.end(true);
  }

  /** Settles when the broker has confirmed it, and waits for the broker where that is away. */
  async #publish(topic: string, body: Buffer | string, options: IClientPublishOptions): Promise<void> {
    if (this.#client === undefined) {
      this.#client = connect(this.#url, this.#options);
      this.#client.on('error', (error) => this.#logger.warnWith('Trouble while publishing', { error: messageOf(error) }));
    }
    await this.#client.publishAsync(topic, body, options);
  }
}
