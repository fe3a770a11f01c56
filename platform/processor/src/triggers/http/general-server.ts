import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { declaredLength, declaresBody, readBody } from './body.ts';
import type { Request, Send } from './connection.ts';
import { linger } from './linger.ts';
import { refuseMalformed } from './malformed.ts';
import { passOn } from './pass-on.ts';
import { RequestBody } from './request-body.ts';

export interface Streams {
  /** How long a body that is asked for may send nothing, in milliseconds. */
  bodyTimeoutMs: number;
}

export interface GeneralServerOptions {
  maxHead: number;
  maxBody: number;
  streams: Streams | undefined;
  /** How long a client may take nothing of an answer in pieces, in milliseconds. */
  answerTimeoutMs: number;
  request(request: Request, send: Send): void;
  isDraining(): boolean;
}

/** Longer than proxies keep idle connections, so that it is they who close them and no request meets a closing one. */
const KEEP_ALIVE_MS = 150_000;
const TIMEOUTS = { headersTimeout: 20_000, requestTimeout: 300_000, connectionsCheckingInterval: 5000 };
const EMPTY = Buffer.alloc(0);

/** The general server, for requests that are not plain: chunked bodies, expectations, HTTP/1.0, HEAD, malformed ones. */
export function makeGeneralServer(options: GeneralServerOptions, timeouts = TIMEOUTS): Server {
  const settings = { ...timeouts, keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: options.maxHead, noDelay: true };
  const answering = new WeakMap<Socket, ServerResponse>();
  const server = createServer(settings, (request, response) => {
    answering.set(request.socket, response);
    serve(request, response, options).catch(() => response.destroy());
  });
  // Who says that nothing more will come may still want an answer, as with plain requests.
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  server.on('connection', (socket: Socket) => {
    // What node:http calls after the last answer.
    socket.destroySoon = () => linger(socket);
  });
  server.on('clientError', (error, socket) => refuseMalformed(error, socket as Socket, answering.get(socket as Socket)));
  // It gets its connections from another server. By this it begins to look after their time-outs.
  server.emit('listening');
  return server;
}

async function serve(request: IncomingMessage, response: ServerResponse, options: GeneralServerOptions): Promise<void> {
  if (options.isDraining()) response.shouldKeepAlive = false;
  const facts = factsOf(request);
  // What is inside of a CloudEvent shows only in the whole of it.
  if (options.streams && !facts.mayBeCloudEvent && declaresBody(request) && declaredLength(request) <= options.maxBody) {
    const body = new RequestBody(request, {
      limit: options.maxBody,
      timeoutMs: options.streams.bodyTimeoutMs,
      onTooLarge: () => refuse(response, 413, 'Request Entity Too Large'),
      onLate: () => refuse(response, 408, 'Request Timeout'),
    });
    // The client is then told of the rest of its body that it is not wanted, and its connection gets free for the next request.
    response.once('finish', () => body.discard());
    begin({ request, response, facts, options }, { body: EMPTY, pieces: body.pieces });
    return;
  }
  const body = await readBody(request, options.maxBody);
  if (body === undefined) refuse(response, 413, 'Request Entity Too Large');
  else begin({ request, response, facts, options }, { body });
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  facts: Request['facts'];
  options: GeneralServerOptions;
}

function begin({ request, response, facts, options }: Exchange, content: Pick<Request, 'body' | 'pieces'>): void {
  const head = Buffer.from(headOf(request.rawHeaders), 'latin1');
  const { method = 'GET', url = '/' } = request;
  options.request({ method, target: originFormOf(url), head, facts, ...content }, (answer, extraHead) => {
    if (response.destroyed || response.headersSent || !request.socket.writable) {
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
    passOn(answer.stream, {
      client: response,
      timeoutMs: options.answerTimeoutMs,
      write: (bytes, taken) => void response.write(bytes, taken),
      end: () => response.end(),
    });
  });
}

/** The rest of the body is not read, so the connection is of no further use. An answer that has begun breaks off. */
function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.shouldKeepAlive = false;
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}

function factsOf({ headers }: IncomingMessage): Request['facts'] {
  const { origin, 'content-type': type } = headers;
  const mayBeCloudEvent =
    /^application\/cloudevents/i.test(type ?? '') || 'ce-specversion' in headers || 'ce-cloudeventsversion' in headers;
  return { contentLength: 0, keepAlive: true, origin, mayBeCloudEvent };
}

/** Path and query. Clients may send a whole URL (RFC 9112, section 3.2.2), as they do to proxies. */
function originFormOf(target: string): string {
  const rest = /^https?:\/\/[^/?]*(.*)$/i.exec(target)?.[1];
  if (rest === undefined) return target;
  return rest.startsWith('/') ? rest : `/${rest}`;
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
