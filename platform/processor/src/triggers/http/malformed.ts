import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { linger } from './linger.ts';

const STATUS: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what is no HTTP as node:http would, and ends its connection; at once where an answer has begun, which must not be taken for whole. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket, current: ServerResponse | undefined): void {
  const isAnswering = current?.headersSent && !current.writableFinished;
  if (!socket.writable || isAnswering) {
    socket.destroy();
    return;
  }
  const status = STATUS[error.code ?? ''] ?? 400;
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n\r\n`);
  linger(socket);
}
