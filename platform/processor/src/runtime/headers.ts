/** Header lines as a map, read once. */
export interface Headers {
  byName: Record<string, string>;
  get(name: string): string | undefined;
}

/** Reads header lines `Name: value\r\n`. A name that comes more than once has its values joined by commas. */
export function headersOf(head: string): Headers {
  const byName: Record<string, string> = Object.create(null);
  for (let at = 0; at < head.length; ) {
    const end = head.indexOf('\r\n', at);
    const colon = head.indexOf(':', at);
    if (end < 0 || colon < 0) break;
    const name = canonical(head.slice(at, colon));
    const value = head.slice(colon + 1, end).trim();
    byName[name] = name in byName ? `${byName[name]}, ${value}` : value;
    at = end + 2;
  }
  return { byName, get: (name) => byName[canonical(name)] };
}

function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase());
}

const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Of the connection or made from the body, so that handlers cannot set them. */
const OURS = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'date', 'server']);

const contentTypeLines = new Map<string, string>();

/**
 * Header lines of an answer; a header's own content type wins. Names are in small letters, each once.
 * @throws TypeError where HTTP does not allow a header
 */
export function headOf(contentType: string, headers: Record<string, unknown>): string {
  let line = contentTypeLines.get(contentType);
  if (line === undefined) {
    line = lineOf('content-type', contentType);
    if (contentTypeLines.size < 100) contentTypeLines.set(contentType, line);
  }
  let extra: Map<string, string> | undefined;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || value === null) continue;
    extra ??= new Map();
    extra.set(name.toLowerCase(), String(value));
  }
  if (extra === undefined) return line;
  let head = extra.has('content-type') ? '' : line;
  for (const [name, value] of extra) if (!OURS.has(name)) head += lineOf(name, value);
  return head;
}

function lineOf(name: string, value: string): string {
  if (!NAME.test(name)) throw new TypeError(`Invalid header name ${JSON.stringify(name)}`);
  if (!VALUE.test(value)) throw new TypeError(`Invalid value of header ${name}`);
  return `${name}: ${value}\r\n`;
}
