/** What the framing of a request's body and connection depends on. */
export interface HeadFacts {
  /** Bytes of the body. */
  contentLength: number;
  keepAlive: boolean;
  origin: string | undefined;
  /** Whether the request may carry a CloudEvent. */
  mayBeCloudEvent: boolean;
}

export interface RequestLine {
  method: string;
  target: string;
}

const LINE = /^([A-Z]+) ([\x21-\x7e]+) HTTP\/1\.1$/;
const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const DIGITS = /^\d{1,15}$/;

/** Reads a request line of HTTP/1.1; undefined for any other. */
export function requestLineOf(text: string): RequestLine | undefined {
  const match = LINE.exec(text);
  const [, method, target] = match ?? [];
  return method === undefined || target === undefined || !target.startsWith('/') ? undefined : { method, target };
}

/**
 * Reads header lines, `Name: value\r\n` each, of a plain request: one whose body has a length, without upgrade, expectation or transfer
 * coding. Undefined for all others, malformed ones too, which are left to the general server (RFC 9112, sections 5 and 6).
 */
export function headFactsOf(head: string): HeadFacts | undefined {
  let contentLength: number | undefined;
  let host: string | undefined;
  let origin: string | undefined;
  let keepAlive = true;
  let mayBeCloudEvent = false;
  for (let at = 0; at < head.length; ) {
    const end = head.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const match = HEADER.exec(head.slice(at, end));
    const [, name = '', value = ''] = match ?? [];
    if (match === null) return undefined;
    switch (name.toLowerCase()) {
      case 'content-length':
        if (contentLength !== undefined || !DIGITS.test(value)) return undefined;
        contentLength = Number(value);
        break;
      case 'host':
        if (host !== undefined) return undefined;
        host = value;
        break;
      case 'connection':
        if (/^close$/i.test(value)) keepAlive = false;
        else if (!/^keep-alive$/i.test(value)) return undefined;
        break;
      case 'origin':
        origin = value;
        break;
      case 'content-type':
        mayBeCloudEvent ||= /^application\/cloudevents/i.test(value);
        break;
      case 'ce-specversion':
      case 'ce-cloudeventsversion':
        mayBeCloudEvent = true;
        break;
      case 'transfer-encoding':
      case 'upgrade':
      case 'expect':
      case 'te':
        return undefined;
    }
    at = end + 2;
  }
  return host === undefined ? undefined : { contentLength: contentLength ?? 0, keepAlive, origin, mayBeCloudEvent };
}
