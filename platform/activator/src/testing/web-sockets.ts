import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2 */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 0x81;
const CLOSE = 0x88;
const HEAD_BYTES = 6;

/** Accepts a WebSocket, says who called, and then sends each short text back that comes, as a function might. */
export function echoWebSocket({ url, headers }: IncomingMessage, socket: Duplex): void {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${GUID}`).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Accept: ${accept}`];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  socket.write(frame(TEXT, Buffer.from(`${url} ${headers['x-n']}`)));
  socket.on('error', () => undefined).on('end', () => socket.end());
  let pending = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    for (let size = sizeOf(pending); pending.length >= size; size = sizeOf(pending)) {
      const kind = pending[0] === CLOSE ? CLOSE : TEXT;
      const mask = pending.subarray(2, HEAD_BYTES);
      socket.write(
        frame(
          kind,
          pending.subarray(HEAD_BYTES, size).map((byte, at) => byte ^ (mask[at % mask.length] ?? 0)),
        ),
      );
      if (kind === CLOSE) socket.end();
      pending = pending.subarray(size);
    }
  });
}

/** Of a frame from a client, which is masked, with less than 126 bytes: https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */
function sizeOf(bytes: Buffer): number {
  return bytes.length < 2 ? Number.POSITIVE_INFINITY : HEAD_BYTES + ((bytes[1] ?? 0) & 0x7f);
}

function frame(kind: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([kind, content.length]), content]);
}
