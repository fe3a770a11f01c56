import { once } from 'node:events';
import { connect as connectTo, type Socket } from 'node:net';
import type { Endpoint } from './endpoints.ts';

const CONNECT_TIMEOUT_MS = 2000;

/** A connection of its own for each request, so that none is lost in one that is just being closed. */
export async function connect({ host, port }: Endpoint, signal: AbortSignal): Promise<Socket> {
  const socket = connectTo({ host, port, noDelay: true });
  try {
    await once(socket, 'connect', { signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]) });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
