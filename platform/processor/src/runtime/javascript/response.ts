import { headOf } from '../headers.ts';
import { isStream } from './stream-sender.ts';

export type BodyEncoding = 'text' | 'base64';

/** What handlers make with `new context.Response(...)`. */
export class Response {
  body: unknown;
  headers: Record<string, string | number>;
  contentType: string | undefined;
  statusCode: number;
  bodyEncoding: BodyEncoding;
  /** The event of a batch that this answers. */
  eventId: string | undefined;

  constructor(
    body: unknown = '',
    headers: Record<string, string | number> = {},
    contentType?: string,
    statusCode = 200,
    bodyEncoding: BodyEncoding = 'text',
    eventId?: string,
  ) {
    this.body = body;
    this.headers = headers;
    this.contentType = contentType;
    this.statusCode = statusCode;
    this.bodyEncoding = bodyEncoding;
    this.eventId = eventId;
  }
}

const TEXT = 'text/plain';

/** What a handler gave, in the form of an answer frame. */
export interface Output {
  status: number;
  head: string;
  body: string | Uint8Array;
  /** The body, where it comes in pieces. */
  stream?: AsyncIterable<unknown>;
}

/**
 * Maps what a handler gave to an answer, as Nuclio does: text, bytes, [status, body], Response, and JSON of all else.
 * @throws TypeError where JSON has nothing for it, or HTTP does not allow a header or status
 */
export function outputOf(output: unknown): Output {
  if (typeof output === 'string') return { status: 200, head: headOf(TEXT, NO_HEADERS), body: output };
  if (output instanceof Response) return responseOutput(output);
  if (Array.isArray(output) && output.length === 2 && isStatus(output[0])) return plainOutput(output[0], output[1]);
  return plainOutput(200, output);
}

/** The answer to an event whose handler threw. */
export function failureOf(error: unknown): Output {
  return { status: 500, head: headOf(TEXT, NO_HEADERS), body: `Error in handler: ${String(error)}` };
}

const NO_HEADERS = {};

function responseOutput({ body: given, statusCode, contentType: type, headers, bodyEncoding }: Response): Output {
  if (!isStatus(statusCode)) throw new TypeError(`Invalid status code ${String(statusCode)}`);
  const stream = isStream(given) ? given : undefined;
  const { body, contentType } = encodeBody(stream === undefined ? given : '');
  const bytes = bodyEncoding === 'base64' && typeof body === 'string' ? Buffer.from(body, 'base64') : body;
  const output = { status: statusCode, head: headOf(type ?? contentType, headers ?? NO_HEADERS), body: bytes };
  return stream === undefined ? output : { ...output, stream };
}

function plainOutput(status: number, value: unknown): Output {
  if (isStream(value)) return { status, head: headOf(TEXT, NO_HEADERS), body: '', stream: value };
  const { body, contentType } = encodeBody(value);
  return { status, head: headOf(contentType, NO_HEADERS), body };
}

function encodeBody(value: unknown): { body: Uint8Array | string; contentType: string } {
  if (value === undefined || value === null) return { body: '', contentType: TEXT };
  if (typeof value === 'string') return { body: value, contentType: TEXT };
  if (value instanceof Uint8Array) return { body: value, contentType: TEXT };
  const body: string | undefined = JSON.stringify(value);
  if (body === undefined) throw new TypeError(`A value of type ${typeof value} is no answer`);
  return { body, contentType: 'application/json' };
}

/** Below 200 are those after which a client waits for the answer proper. */
function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599;
}
