import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { getCACertificates } from 'node:tls';
import { type AmpouleError, codeOf, messageOf } from '@ampoule/lib/errors';
import { parseJson } from '@ampoule/lib/parse';
import got, { type Got, type Method } from 'got';
import * as z from 'zod';
import type { Connection } from './connection/config-file.ts';
import { cliError } from './errors.ts';
import { printable } from './table.ts';

export interface CallOptions {
  headers?: Record<string, string | undefined>;
  /** Sent as JSON; text and bytes as they are. */
  body?: unknown;
  timeoutMs?: number;
}

export interface ApiAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

const TIMEOUT_MS = 60_000;
const FIRST_FAILURE = 300;
/** The end of a body that is no error of the API, in a message. */
const EXCERPT_LENGTH = 300;

const failureSchema = z.object({ error: z.string() });
/** The API says its failures in these very fields; functions have forms of their own. */
const ownFailureSchema = z.strictObject({ error: z.string(), errorStackTrace: z.string() });

/** Speaks the REST API. The token goes to the one origin; redirects are not followed. */
export class ApiClient {
  readonly connection: Connection;
  readonly #http: Got;

  constructor(connection: Connection) {
    this.connection = connection;
    const ca = connection.ca ?? (connection.server.startsWith('https:') ? trustedBySystem() : undefined);
    this.#http = got.extend({
      throwHttpErrors: false,
      followRedirect: false,
      retry: { limit: 0 },
      decompress: true,
      timeout: { request: TIMEOUT_MS },
      agent: { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) }) },
    });
  }

  /** Sends a request and gives whatever is answered. @throws AMP_CLI_UNREACHABLE */
  async send(method: string, path: string, options: CallOptions = {}): Promise<ApiAnswer> {
    const { body, timeoutMs = TIMEOUT_MS } = options;
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const url = this.#url(path);
    try {
      const response = await this.#http(url, {
        method: method as Method,
        headers: this.#headers(options),
        timeout: { request: timeoutMs },
        responseType: 'buffer',
        ...(body === undefined ? {} : isRaw ? { body, allowGetBody: true } : { json: body, allowGetBody: true }),
      });
      return { status: response.statusCode, headers: response.headers, body: Buffer.from(response.rawBody) };
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  /** Sends a request that has to succeed. @throws AMP_CLI_REFUSED, AMP_CLI_TOKEN_WRONG, AMP_CLI_UNREACHABLE */
  async call(method: string, path: string, options: CallOptions = {}): Promise<ApiAnswer> {
    const answer = await this.send(method, path, options);
    if (answer.status < FIRST_FAILURE) return answer;
    throw this.#refused(`${method} ${path}`, answer);
  }

  /** As `send`, for what passes on the answer of a function: only failures of the API itself are thrown. @throws as `call` */
  async passOn(method: string, path: string, options: CallOptions = {}): Promise<ApiAnswer> {
    const answer = await this.send(method, path, options);
    if (answer.status < FIRST_FAILURE || !ownFailureSchema.safeParse(jsonOf(answer.body.toString())).success) return answer;
    throw this.#refused(`${method} ${path}`, answer);
  }

  /** As `call`, and parses the answer. @throws also AMP_INPUT_INVALID */
  async read<T extends z.ZodType>(schema: T, path: string, headers: CallOptions['headers'] = {}): Promise<z.output<T>> {
    const { body } = await this.call('GET', path, { headers });
    return parseJson(schema, body.toString(), `The answer of ${this.connection.server}${path}`);
  }

  /** As `read`; undefined where there is no such thing. */
  async find<T extends z.ZodType>(schema: T, path: string, headers: CallOptions['headers'] = {}): Promise<z.output<T> | undefined> {
    const answer = await this.send('GET', path, { headers });
    if (answer.status === 404) return undefined;
    if (answer.status >= FIRST_FAILURE) throw this.#refused(`GET ${path}`, answer);
    return parseJson(schema, answer.body.toString(), `The answer of ${this.connection.server}${path}`);
  }

  /** The body of an answer as it comes, without a time limit. @throws as `call` */
  async stream(path: string, headers: CallOptions['headers'] = {}): Promise<Readable> {
    const stream = this.#http.stream(this.#url(path), { headers: this.#headers({ headers }), timeout: {}, throwHttpErrors: false });
    const status = await new Promise<number>((resolve, reject) => {
      stream.once('response', ({ statusCode }: { statusCode: number }) => resolve(statusCode));
      stream.once('error', (cause) => reject(this.#unreachable(cause)));
    });
    if (status < FIRST_FAILURE) return stream;
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    throw this.#refused(`GET ${path}`, { status, headers: {}, body: Buffer.concat(chunks) });
  }

  #url(path: string): string {
    const url = new URL(path, this.connection.server);
    if (url.origin === this.connection.server) return url.href;
    throw cliError('AMP_CLI_REFUSED', {
      what: `${path} does not lie at ${this.connection.server}`,
      fix: 'Give a path, for example /api/functions.',
    });
  }

  #headers({ headers = {} }: CallOptions): Record<string, string> {
    const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return { ...Object.fromEntries(given), authorization: `Bearer ${this.connection.token}` };
  }

  #refused(call: string, { status, headers, body }: ApiAnswer): AmpouleError {
    const { server } = this.connection;
    if (status === 401) {
      return cliError('AMP_CLI_TOKEN_WRONG', {
        what: `${server} does not take the token`,
        fix: 'Log in anew with "ampoule login", with the token that the operator of the appliance gives.',
      });
    }
    const text = printable(body.toString());
    const parsed = failureSchema.safeParse(jsonOf(body.toString()));
    const redirect = typeof headers.location === 'string' ? `It points to ${headers.location}, which is not followed.` : '';
    return cliError('AMP_CLI_REFUSED', {
      what: parsed.success ? printable(parsed.data.error) : `${server} answered with status ${status}`,
      why: parsed.success ? `${call} was answered with ${status}` : `${call}: ${redirect || text.trim().slice(0, EXCERPT_LENGTH)}`,
      fix: adviceOf(status),
    });
  }

  #unreachable(cause: unknown): AmpouleError {
    const code = codeOf(cause) ?? '';
    const isDistrusted = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code);
    return cliError('AMP_CLI_UNREACHABLE', {
      what: isDistrusted ? `The certificate of ${this.connection.server} is not trusted` : `${this.connection.server} does not answer`,
      why: messageOf(cause),
      fix: isDistrusted
        ? 'Give the certificate of the appliance (trust.crt) with --ca-file, and the address that its certificate names.'
        : 'Check the address and the network, then try again.',
      cause,
    });
  }
}

/** A site may have put the appliance's authority among those that its machines trust. */
function trustedBySystem(): string[] {
  return [...getCACertificates('default'), ...getCACertificates('system')];
}

function adviceOf(status: number): string {
  if (status === 404) return 'Check name and namespace; "ampoule fn get" lists what is there.';
  if (status === 409) return 'Choose another name, or change what is there.';
  if (status >= 500) return 'Look at the state of the appliance with "ampoule status" on its host.';
  return 'Correct what the message names, then try again.';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
