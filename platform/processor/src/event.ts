import { randomUUID } from 'node:crypto';

export interface EventSource {
  body: Buffer;
  method: string;
  /** Path and query. */
  target: string;
  host: string;
  /** Names and values in turn, as they came. */
  rawHeaders: readonly string[];
  contentType: string;
  trigger: { kind: string; name: string };
}

/** An event as handlers see it. What takes time to make is made when it is first read. */
export class Event {
  readonly body: Buffer;
  readonly method: string;
  readonly path: string;
  readonly url: string;
  readonly contentType: string;
  readonly trigger: { kind: string; name: string };
  readonly timestamp = new Date();
  readonly size: number;
  readonly type = '';
  readonly typeVersion = '';
  readonly version = '';
  readonly shardID = 0;
  readonly numShards = 0;
  readonly #query: string;
  readonly #rawHeaders: readonly string[];
  #headers: Record<string, string> | undefined;
  #fields: Record<string, string> | undefined;
  #id: string | undefined;

  constructor({ body, method, target, host, rawHeaders, contentType, trigger }: EventSource) {
    const question = target.indexOf('?');
    this.body = body;
    this.method = method;
    this.path = question < 0 ? target : target.slice(0, question);
    this.url = `http://${host}${target}`;
    this.contentType = contentType;
    this.trigger = trigger;
    this.size = body.length;
    this.#query = question < 0 ? '' : target.slice(question + 1);
    this.#rawHeaders = rawHeaders;
  }

  get id(): string {
    this.#id ??= randomUUID();
    return this.#id;
  }

  /** The same as contentType, under the name that Nuclio's Node.js wrapper gives it. */
  get content_type(): string {
    return this.contentType;
  }

  /** By names in canonical form, such as `X-Request-Id`. */
  get headers(): Record<string, string> {
    this.#headers ??= headersOf(this.#rawHeaders);
    return this.#headers;
  }

  /** Fields of the query and of a form. */
  get fields(): Record<string, string> {
    this.#fields ??= Object.fromEntries([...new URLSearchParams(this.#query), ...this.#formFields()]);
    return this.#fields;
  }

  /** A header by its name in any case. */
  getHeader(name: string): string | undefined {
    return this.headers[canonical(name)];
  }

  toJSON(): object {
    const { body, ...own } = this;
    return { ...own, id: this.id, headers: this.headers, fields: this.fields, body: body.toString('base64') };
  }

  #formFields(): URLSearchParams {
    const isForm = this.contentType.startsWith('application/x-www-form-urlencoded');
    return new URLSearchParams(isForm ? this.body.toString('utf8') : '');
  }
}

function headersOf(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (let i = 0; i < raw.length; i += 2) {
    const name = canonical(raw[i] ?? '');
    const value = raw[i + 1] ?? '';
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}

function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase());
}
