import type { IncomingMessage } from 'node:http';

const EMPTY = Buffer.alloc(0);

/** The length of a body as its request has it; 0 where it comes in chunks. */
export function declaredLength({ headers }: IncomingMessage): number {
  return Number(headers['content-length'] ?? 0);
}

export function declaresBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || declaredLength(request) > 0;
}

/** Reads a request's body; undefined as soon as it is known to be larger than the limit. */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (declaredLength(request) > limit) return Promise.resolve(undefined);
  if (!declaresBody(request)) return Promise.resolve(EMPTY);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.pause();
        resolve(undefined);
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', reject);
  });
}
