import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const NAME = '(?:@[a-z0-9~._-]+/)?[a-z0-9~_-][a-z0-9~._-]*';
const DESCRIPTION = new RegExp(`^/(${NAME})$`, 'i');
const PACKAGE = new RegExp(`^/(${NAME}/-/[a-z0-9][a-z0-9~._-]*\\.tgz)$`, 'i');

/** The packages that the bundle brought, as npm asks for them; the files lie as they are to be named. */
export function makeNpmServer(folder: string): Server {
  const server = createServer(({ url = '/', method }, response) => {
    const path = decoded(url.split('?')[0] ?? '/');
    const description = DESCRIPTION.exec(path)?.[1];
    const file = description === undefined ? PACKAGE.exec(path)?.[1] : `${description}/index.json`;
    if (file === undefined || (method !== 'GET' && method !== 'HEAD')) return absent(response);
    const type = description === undefined ? 'application/octet-stream' : 'application/json';
    void send(response, join(folder, file), type, method === 'HEAD');
  });
  server.requestTimeout = 60_000;
  return server;
}

async function send(response: ServerResponse, file: string, type: string, isHead: boolean): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return absent(response);
  response.writeHead(200, { 'content-type': type, 'content-length': found.size });
  if (isHead) response.end();
  else await pipeline(createReadStream(file), response).catch(() => response.destroy());
}

function absent(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ error: 'Not found' }));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}
