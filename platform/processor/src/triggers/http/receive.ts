import { Socket, type SocketConstructorOpts } from 'node:net';

const BUFFER_BYTES = 65_536;

/** One for all connections: what is read is used, or copied, before the next read. */
const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

/**
 * Makes a socket of one that was accepted with `pauseOnConnect`, so that what it reads comes in one buffer that is used again and again
 * (`onread` of net.Socket). Servers have no option for that, and a buffer of its own for each read costs a third of the work on a small
 * request. `receive` must not keep what it is given.
 */
export function receiveInPlace(accepted: Socket, receive: (bytes: Buffer) => void): Socket {
  const { _handle: handle } = accepted as Socket & { _handle: NonNullable<SocketConstructorOpts['handle']> };
  const onread = {
    buffer,
    callback: (length: number): boolean => {
      receive(buffer.subarray(0, length));
      return true;
    },
  };
  Object.assign(accepted, { _handle: null });
  return new Socket({ handle, allowHalfOpen: true, onread });
}
