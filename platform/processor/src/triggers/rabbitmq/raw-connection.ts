import type { Socket } from 'node:net';
import { type AsyncMessage, Connection } from 'rabbitmq-client';
import { triggerError } from '../delivery/errors.ts';

/** The field that keeps the content type while the library looks at a message. */
const CONTENT_TYPE = 'x-content-type';

interface HeaderFrame {
  fields: { contentType?: string | undefined; [CONTENT_TYPE]?: string | undefined };
}

/** Far above what is agreed with a broker. */
const LARGEST_FRAME_BYTES = 1024 * 1024;

/**
 * A connection whose messages have the bytes that were sent. The library parses JSON and decodes text by the content type and keeps
 * no original: that rounds large numbers and breaks text which is not UTF-8. There is no option against it, so the content type is
 * put aside before the library sees it.
 */
export class RawConnection extends Connection {
  override async acquire(...options: Parameters<Connection['acquire']>): ReturnType<Connection['acquire']> {
    const channel = await super.acquire(...options);
    const onHeader = methodOf(channel, '_onHeader');
    Object.defineProperty(channel, '_onHeader', {
      value: (frame: HeaderFrame) => {
        const { contentType, ...fields } = frame.fields;
        onHeader({ ...frame, fields: { ...fields, [CONTENT_TYPE]: contentType } });
      },
    });
    return channel;
  }

  /** The library calls this for each attempt. */
  protected _connect(): Socket {
    const connect: () => Socket = Reflect.get(Connection.prototype, '_connect');
    const socket = connect.call(this);
    refuseOtherProtocols(socket);
    return socket;
  }
}

/**
 * The library asks the socket for as many bytes as a frame says that it has. What another protocol says there can be more than
 * Node.js gives, which then throws where nobody catches it.
 */
function refuseOtherProtocols(socket: Socket): void {
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    if (size === undefined || size <= LARGEST_FRAME_BYTES) return read(size);
    const fix = 'Use the port of AMQP, which is 5672, or 5671 with TLS.';
    socket.destroy(triggerError('AMP_TRIGGER_URL', { what: 'What answers at the url of the trigger does not speak AMQP', fix }));
    return null;
  };
}

function methodOf(channel: object, name: string): (...parameters: unknown[]) => unknown {
  const method: unknown = Reflect.get(channel, name);
  if (typeof method !== 'function') throw new TypeError(`This version of rabbitmq-client has no ${name}`);
  return (...parameters) => Reflect.apply(method, channel, parameters);
}

/** A message that came through a raw connection. */
export interface RawMessage extends AsyncMessage {
  body: Buffer;
  [CONTENT_TYPE]?: string | undefined;
}

export function contentTypeOf(message: RawMessage): string {
  return message[CONTENT_TYPE] ?? '';
}
