import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const NAME = '[a-z0-9~_-][a-z0-9~._-]*';
const NPM_NAME = `(?:@[a-z0-9~._-]+/)?${NAME}`;

/** What is asked for, by the path of a request, and the file that answers. Names begin with no dot, so nothing lies outside. */
const ROUTES: readonly { path: RegExp; file: (name: string) => string; type: string }[] = [
  { path: new RegExp(`^/(${NPM_NAME})$`, 'i'), file: (name) => `npm/${name}/index.json`, type: 'application/json' },
  { path: new RegExp(`^/(${NPM_NAME}/-/${NAME}\\.tgz)$`, 'i'), file: (name) => `npm/${name}`, type: 'application/octet-stream' },
  { path: new RegExp(`^/simple/(${NAME})/$`, 'i'), file: (name) => `pypi/${name}/index.html`, type: 'text/html' },
  { path: new RegExp(`^/simple/(${NAME}/${NAME}\\.whl)$`, 'i'), file: (name) => `pypi/${name}`, type: 'application/octet-stream' },
];

/** The packages that the bundle brought: those of npm as its registry serves them, and below /simple/ those of Python as pip asks for them. */
export function makePackageServer(folder: string): Server {
  const server = createServer(({ url = '/', method }, response) => {
    const path = decoded(url.split('?')[0] ?? '/');
    const found = ROUTES.flatMap((route) => {
      const name = route.path.exec(path)?.[1];
      return name === undefined ? [] : [{ file: join(folder, route.file(name)), type: route.type }];
    })[0];
    if (found === undefined || (method !== 'GET' && method !== 'HEAD')) return absent(response);
    void send(response, found, method === 'HEAD');
  });
  server.requestTimeout = 60_000;
  return server;
}

async function send(response: ServerResponse, { file, type }: { file: string; type: string }, isHead: boolean): Promise<void> {
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
