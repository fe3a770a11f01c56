import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AnswerStream } from '../../engine/answer-stream.ts';
import { readBody } from './body.ts';
import type { Request, Send } from './connection.ts';

export interface GeneralServerOptions {
  maxHead: number;
  maxBody: number;
  request(request: Request, send: Send): void;
  isDraining(): boolean;
}

/** Longer than proxies keep idle connections, so that it is they who close them and no request meets a closing one. */
const KEEP_ALIVE_MS = 150_000;
const HEADERS_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 300_000;

/** The general server, for requests that are not plain: chunked bodies, expectations, HTTP/1.0, HEAD, malformed ones. */
export function makeGeneralServer(options: GeneralServerOptions): Server {
  const timeouts = { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  return createServer({ ...timeouts, maxHeaderSize: options.maxHead, noDelay: true }, (request, response) => {
    serve(request, response, options).catch(() => response.destroy());
  });
}

async function serve(request: IncomingMessage, response: ServerResponse, options: GeneralServerOptions): Promise<void> {
  if (options.isDraining()) response.shouldKeepAlive = false;
  const body = await readBody(request, options.maxBody);
  if (body === undefined) {
    // The rest of the body is not read, so the connection is of no further use.
    response.shouldKeepAlive = false;
    response.writeHead(413, { 'content-type': 'text/plain' }).end('Request Entity Too Large');
    return;
  }
  const head = Buffer.from(headOf(request.rawHeaders), 'latin1');
  const { method = 'GET', url = '/' } = request;
  options.request({ method, target: url, head, facts: factsOf(request), body }, (answer, extraHead) => {
    if (response.destroyed) {
      // Nobody takes the pieces, and without that the handler would wait for ever.
      answer.stream?.abort();
      return;
    }
    const lines = [...pairsOf(answer.head + extraHead), 'server', 'nuclio'];
    if (answer.stream === undefined) {
      response.writeHead(answer.status, [...lines, 'content-length', String(answer.body.length)]).end(answer.body);
      return;
    }
    response.writeHead(answer.status, lines);
    pass(answer.stream, response);
  });
}

function pass(stream: AnswerStream, response: ServerResponse): void {
  response.once('close', () => stream.abort());
  stream.read({
    chunk: (bytes) => void response.write(bytes, () => stream.consumed(bytes.length)),
    end: (error) => void (error === undefined ? response.end() : response.destroy()),
  });
}

function factsOf({ headers }: IncomingMessage): Request['facts'] {
  const { origin, 'content-type': type } = headers;
  const mayBeCloudEvent =
    /^application\/cloudevents/i.test(type ?? '') || 'ce-specversion' in headers || 'ce-cloudeventsversion' in headers;
  return { contentLength: 0, keepAlive: true, origin, mayBeCloudEvent };
}

function headOf(rawHeaders: readonly string[]): string {
  let head = '';
  for (let i = 0; i < rawHeaders.length; i += 2) head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return head;
}

function pairsOf(head: string): string[] {
  return head.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 0 ? [] : [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}
