import type { Socket } from 'node:net';

export interface LingerLimits {
  /** What is read and thrown away. */
  bytes: number;
  /** In milliseconds: how long that may take, how long nothing may come, and how exactly both are kept. */
  wholeMs: number;
  quietMs: number;
  checkMs: number;
}

const LIMITS: LingerLimits = { bytes: 64 << 20, wholeMs: 30_000, quietMs: 5000, checkMs: 250 };

/** For a connection whose client has had all its answers, and need not look at it before it wants to send again. */
export const IDLE_LIMITS: LingerLimits = { ...LIMITS, quietMs: 250, checkMs: 50 };

const lingering = new WeakSet<Socket>();

/**
 * Ends a connection whose client may still send. To close it with bytes unread would reset it, and with that the client would lose the
 * answer (RFC 9112, section 9.6). So it is told that nothing more comes, and what it sends is thrown away until it has seen that.
 */
export function linger(socket: Socket, limits: LingerLimits = LIMITS): void {
  if (lingering.has(socket) || socket.destroyed) return;
  lingering.add(socket);
  const startedAt = performance.now();
  const first = socket.bytesRead;
  let last = first;
  let heardAt = startedAt;
  const timer = setInterval(() => {
    const now = performance.now();
    if (socket.bytesRead > last) heardAt = now;
    last = socket.bytesRead;
    if (last - first > limits.bytes || now - startedAt > limits.wholeMs || now - heardAt > limits.quietMs) socket.destroy();
  }, limits.checkMs);
  socket.once('close', () => clearInterval(timer));
  socket.on('error', () => socket.destroy());
  // Takes the place of whoever listened; a parser of node:http lets go of the connection by that.
  socket.removeAllListeners('data');
  socket.on('data', () => undefined);
  socket.resume();
  socket.end();
}
