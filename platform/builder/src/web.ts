import { messageOf } from '@ampoule/lib/errors';
import { MAX_SOURCE_BYTES } from '@ampoule/platform-api/source-archive';
import { tooLarge } from './room.ts';

export interface Question {
  /** They may open what is asked for, and so go to the origin of the address alone. */
  headers: Record<string, string>;
  signal: AbortSignal;
}

export interface Answer {
  response: Response;
  /** Where it came from in the end, without a user. */
  url: string;
  /** What went there: without those of the question where that is another origin. */
  headers: Record<string, string>;
}

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const FIRST_BYTES = 64 << 10;

/**
 * Asks a server, follows where it leads, and says why where nobody answers. Whoever was led to another origin has no headers any more. A user
 * in an address becomes a header, for the origin of that address: `fetch` refuses such an address with a message that holds all of it.
 */
export async function ask(from: string, { headers: given, signal }: Question): Promise<Answer> {
  let { url, ...user } = withoutUser(from);
  let headers = withUser(headersOf(given), user);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const response = await send(url, { headers, redirect: 'manual', signal });
    const location = REDIRECTS.has(response.status) ? response.headers.get('location') : null;
    if (location === null) return { response, url, headers };
    await response.body?.cancel();
    const { url: next, ...nextUser } = withoutUser(new URL(location, url).href);
    headers = withUser(new URL(next).origin === new URL(url).origin ? headers : {}, nextUser);
    url = next;
  }
  throw new Error(`the server leads to other addresses more than ${MAX_REDIRECTS} times`);
}

/**
 * Sends a request to one address, which has no user. The connection is for this request alone: a server may have closed an older one, which a
 * builder that was busy for a moment would not know yet.
 */
export async function send(url: string, { headers, ...options }: RequestInit & { headers: Record<string, string> }): Promise<Response> {
  ensureWeb(url);
  try {
    return await fetch(url, { ...options, headers: { ...headers, connection: 'close' } });
  } catch (error) {
    throw new Error(`the server does not answer: ${messageOf(error instanceof Error && error.cause ? error.cause : error)}`);
  }
}

/** An address, and apart from it the name and the password that it can hold. */
export function withoutUser(address: string): { url: string; username: string; password: string } {
  const url = new URL(address);
  const user = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  url.username = '';
  url.password = '';
  return { url: url.href, ...user };
}

/** Headers with those that show a user to a server, unless they show one already. */
export function withUser(headers: Record<string, string>, { username, password }: { username: string; password: string }) {
  if (!(username || password) || headers.authorization !== undefined) return headers;
  return { ...headers, authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

/** Headers by their names in small letters. One that cannot be is named alone: `fetch` would tell its value. */
function headersOf(given: Record<string, string>): Record<string, string> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    try {
      headers.set(name, value);
    } catch {
      throw new Error(`no request can have the header ${JSON.stringify(name)} with this value`);
    }
  }
  return Object.fromEntries(headers);
}

/** The bytes of a stream, but never more than are allowed. */
export async function* limited(stream: AsyncIterable<Uint8Array>, maxBytes = MAX_SOURCE_BYTES): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

/** All that a stream has, in little more memory than that, however small its pieces are. */
export async function collected(stream: AsyncIterable<Uint8Array>, maxBytes = MAX_SOURCE_BYTES): Promise<Buffer> {
  let bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  let size = 0;
  for await (const chunk of limited(stream, maxBytes)) {
    if (size + chunk.length > bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(2 * bytes.length, size + chunk.length), maxBytes));
      bytes.copy(larger, 0, 0, size);
      bytes = larger;
    }
    bytes.set(chunk, size);
    size += chunk.length;
  }
  return bytes.subarray(0, size);
}

/** A URL for people to read; also one that is wrong in a way that only servers and browsers would understand. */
export function withoutSecrets(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^([^:/\\]*:)[/\\]*[^/\\]*@/, '$1//');
}

/** Throws where an address is not one of the web. */
function ensureWeb(url: string): void {
  if (!/^https?:$/.test(new URL(url).protocol)) throw new Error('only http and https are known');
}
