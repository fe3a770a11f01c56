export type BodyEncoding = 'text' | 'base64';

/** What handlers make with `new context.Response(...)`. */
export class Response {
  body: unknown;
  headers: Record<string, string | number>;
  contentType: string | undefined;
  statusCode: number;
  bodyEncoding: BodyEncoding;

  constructor(
    body: unknown = '',
    headers: Record<string, string | number> = {},
    contentType?: string,
    statusCode = 200,
    bodyEncoding: BodyEncoding = 'text',
  ) {
    this.body = body;
    this.headers = headers;
    this.contentType = contentType;
    this.statusCode = statusCode;
    this.bodyEncoding = bodyEncoding;
  }
}

/** An answer in the form in which triggers send it. */
export interface Answer {
  status: number;
  contentType: string;
  headers: Record<string, string | number>;
  body: Buffer | string;
}

const TEXT = 'text/plain';

/** Maps what a handler gave to an answer, as Nuclio does: text, bytes, [status, body], Response, and JSON of all else. */
export function answerOf(output: unknown): Answer {
  if (output instanceof Response) {
    const { body, contentType } = encodeBody(output.body);
    const bytes = output.bodyEncoding === 'base64' && typeof body === 'string' ? Buffer.from(body, 'base64') : body;
    return { status: output.statusCode, contentType: output.contentType ?? contentType, headers: output.headers, body: bytes };
  }
  if (Array.isArray(output) && output.length === 2 && isStatus(output[0])) {
    return { status: output[0], headers: {}, ...encodeBody(output[1]) };
  }
  return { status: 200, headers: {}, ...encodeBody(output) };
}

/** The answer to an event whose handler threw. */
export function failureOf(error: unknown): Answer {
  return { status: 500, contentType: TEXT, headers: {}, body: `Error in handler: ${String(error)}` };
}

function encodeBody(value: unknown): { body: Buffer | string; contentType: string } {
  if (value === undefined || value === null) return { body: '', contentType: TEXT };
  if (typeof value === 'string') return { body: value, contentType: TEXT };
  if (value instanceof Uint8Array) return { body: Buffer.isBuffer(value) ? value : Buffer.from(value), contentType: TEXT };
  return { body: JSON.stringify(value) ?? '', contentType: 'application/json' };
}

function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599;
}
