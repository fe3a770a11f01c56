import type { IPublishPacket, MqttClient } from 'mqtt';

interface Entry {
  packet: IPublishPacket;
  settled: boolean;
  acknowledge: boolean;
}

/**
 * Acknowledges messages when they are handled, not when they arrive. The library acknowledges at once, or else reads no further
 * packet until it may. So its own acknowledgements are held back and these are sent in their place: PUBACK for QoS 1, PUBREC for
 * QoS 2, with which the broker hands a message over for good. They go out in the order of arrival, as MQTT demands (4.6.0-2).
 */
export class Acks {
  readonly #send: (packet: object) => void;
  #entries: Entry[] = [];

  constructor(client: MqttClient) {
    const sendPacket: unknown = Reflect.get(client, '_sendPacket');
    if (typeof sendPacket !== 'function') throw new TypeError('This version of mqtt sends packets in another way');
    this.#send = (packet) => Reflect.apply(sendPacket, client, [packet]);
    Object.defineProperty(client, '_sendPacket', {
      value: (packet: { cmd: string }, callback?: () => void, ...rest: unknown[]) => {
        if (packet.cmd === 'puback' || packet.cmd === 'pubrec') callback?.();
        else Reflect.apply(sendPacket, client, [packet, callback, ...rest]);
      },
    });
    // The library closes the connection when a broker sends one message of QoS 2 too many. Mosquitto does so after it has resumed
    // a session, and again each time it is connected to, so that nothing would ever be handled.
    Object.defineProperty(client, '_trackIncomingQoS2Publish', { value: () => true });
  }

  /** Notes the arrival of a message, and gives what to call when it is settled. */
  arrived(packet: IPublishPacket): (acknowledge: boolean) => void {
    const entry: Entry = { packet, settled: false, acknowledge: false };
    this.#entries.push(entry);
    return (acknowledge) => {
      entry.settled = true;
      entry.acknowledge = acknowledge;
      this.#release();
    };
  }

  /** Forgets what came over a connection that is gone: the broker sends it again, and its numbers may mean other messages then. */
  reset(): void {
    this.#entries = [];
  }

  #release(): void {
    while (this.#entries[0]?.settled) {
      const { packet, acknowledge } = this.#entries.shift() ?? {};
      if (packet === undefined || acknowledge !== true || packet.qos === 0) continue;
      this.#send({ cmd: packet.qos === 2 ? 'pubrec' : 'puback', messageId: packet.messageId, reasonCode: 0 });
    }
  }
}
