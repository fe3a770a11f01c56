import type { EventAttributes } from '../../engine/event.ts';
import { comesInPieces, eventParts, eventTimestamp } from '../../engine/frames.ts';
import { type Headers, headersOf } from '../headers.ts';
import type { TriggerInfo } from '../options.ts';

export interface FunctionEventOptions<Body> {
  lastInBatch?: boolean;
  /** Makes the body of what has come of it, or of pieces that are to come. */
  openBody?: ((bytes: Buffer, isInPieces: boolean) => Body) | undefined;
}

const NO_ATTRIBUTES: EventAttributes = {};

/** An event as handlers see it. It reads from the frame what the handler asks for, when it asks. */
export class FunctionEvent<Body = Buffer> {
  readonly trigger: TriggerInfo;
  /** Whether a list of events ends with this one. */
  readonly lastInBatch: boolean;
  readonly #frame: Buffer;
  readonly #at: number;
  readonly #parts: ReturnType<typeof eventParts>;
  #target: string | undefined;
  readonly #openBody: FunctionEventOptions<Body>['openBody'];
  #body: Body | undefined;
  #headers: Headers | undefined;
  #fields: Record<string, string> | undefined;
  #attributes: EventAttributes | undefined;
  #id: string | undefined;

  /** The frame must stay as it is for as long as the event is in use. */
  constructor(frame: Buffer, at: number, trigger: TriggerInfo, { lastInBatch = true, openBody }: FunctionEventOptions<Body> = {}) {
    this.#frame = frame;
    this.#parts = eventParts(frame, at);
    this.#at = at;
    this.#openBody = openBody;
    this.trigger = trigger;
    this.lastInBatch = lastInBatch;
  }

  /** Bytes, or a stream of them where the function has `runtimeAttributes.streamRequests`. */
  get body(): Body {
    this.#body ??= this.#openBody === undefined ? (this.#bytes() as unknown as Body) : this.#openBody(this.#bytes(), this.#isInPieces());
    return this.#body;
  }

  /** Bytes of the body; of one that is still on its way, what the sender says of it, or 0. */
  get size(): number {
    return this.#isInPieces() ? Number(this.getHeader('content-length') ?? 0) : this.#parts.end - this.#parts.body;
  }

  get method(): string {
    return this.#frame.toString('latin1', this.#parts.method, this.#parts.target);
  }

  /** Of an HTTP request: without percent signs, as Nuclio gives it. */
  get path(): string {
    const given = this.#given().path;
    if (given !== undefined) return given;
    const target = this.#targetText();
    const question = target.indexOf('?');
    return question < 0 ? target : target.slice(0, question);
  }

  get url(): string {
    return this.#given().url ?? `http://${this.getHeader('host') ?? ''}${this.#targetText()}`;
  }

  get timestamp(): Date {
    return new Date(eventTimestamp(this.#frame, this.#at));
  }

  get contentType(): string {
    return this.#given().contentType ?? this.getHeader('content-type') ?? '';
  }

  /** The same as contentType, under the name that Nuclio's Node.js wrapper gives it. */
  get content_type(): string {
    return this.contentType;
  }

  get id(): string {
    this.#id ??= this.#given().id ?? crypto.randomUUID();
    return this.#id;
  }

  /** By names in canonical form, such as `X-Request-Id`. */
  get headers(): Record<string, string> {
    return this.#headerMap().byName;
  }

  /** Fields of the query and of a form. */
  get fields(): Record<string, string> {
    this.#fields ??= Object.fromEntries([...this.#queryFields(), ...this.#formFields()]);
    return this.#fields;
  }

  get type(): string {
    return this.#given().type ?? '';
  }

  get typeVersion(): string {
    return this.#given().typeVersion ?? '';
  }

  get version(): string {
    return this.#given().version ?? '';
  }

  get shardID(): number {
    return this.#given().shardId ?? 0;
  }

  get numShards(): number {
    return this.#given().numShards ?? 0;
  }

  get topic(): string {
    return this.#given().topic ?? '';
  }

  get offset(): number | string {
    return this.#given().offset ?? 0;
  }

  /** A header by its name in any case. */
  getHeader(name: string): string | undefined {
    return this.#headerMap().get(name);
  }

  toJSON(): object {
    const { trigger, id, method, path, url, headers, fields, contentType, size, timestamp, type, typeVersion, version } = this;
    const { shardID, numShards, topic, offset } = this;
    const request = { id, method, path, url, headers, fields, contentType, size, timestamp, trigger };
    return { ...request, type, typeVersion, version, shardID, numShards, topic, offset, ...this.#bodyForJson() };
  }

  #isInPieces(): boolean {
    return comesInPieces(this.#frame, this.#at);
  }

  #bytes(): Buffer {
    return this.#frame.subarray(this.#parts.body, this.#parts.end);
  }

  /** A stream can be read but once, and that is the handler's to do. */
  #bodyForJson(): object {
    return this.#openBody === undefined ? { body: this.#bytes().toString('base64') } : {};
  }

  #targetText(): string {
    this.#target ??= this.#frame.toString('latin1', this.#parts.target, this.#parts.head);
    return this.#target;
  }

  #headerMap(): Headers {
    this.#headers ??= headersOf(this.#frame.toString('latin1', this.#parts.head, this.#parts.attributes));
    return this.#headers;
  }

  #given(): EventAttributes {
    const { attributes, body } = this.#parts;
    this.#attributes ??=
      attributes === body ? NO_ATTRIBUTES : (JSON.parse(this.#frame.toString('utf8', attributes, body)) as EventAttributes);
    return this.#attributes;
  }

  #queryFields(): URLSearchParams {
    const target = this.#targetText();
    const question = target.indexOf('?');
    return new URLSearchParams(question < 0 ? '' : target.slice(question + 1));
  }

  #formFields(): URLSearchParams {
    const isForm = this.#openBody === undefined && this.contentType.startsWith('application/x-www-form-urlencoded');
    return new URLSearchParams(isForm ? this.#bytes().toString('utf8') : '');
  }
}

/** An event, whatever its body is. */
export type AnyEvent = FunctionEvent<unknown>;
