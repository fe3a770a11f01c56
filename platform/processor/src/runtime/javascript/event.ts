import { randomUUID } from 'node:crypto';
import type { EventAttributes } from '../../engine/event.ts';
import { eventParts } from '../../engine/frames.ts';
import { type Headers, headersOf } from '../headers.ts';
import type { TriggerInfo } from '../options.ts';

/** An event as handlers see it. It reads from the frame what the handler asks for, when it asks. */
export class FunctionEvent {
  readonly trigger: TriggerInfo;
  /** Whether a list of events ends with this one. */
  readonly lastInBatch: boolean;
  readonly #frame: Buffer;
  readonly #parts: ReturnType<typeof eventParts>;
  #target: string | undefined;
  #body: Buffer | undefined;
  #headers: Headers | undefined;
  #fields: Record<string, string> | undefined;
  #attributes: EventAttributes | undefined;
  #id: string | undefined;

  /** The frame must stay as it is for as long as the event is in use. */
  constructor(frame: Buffer, at: number, trigger: TriggerInfo, lastInBatch = true) {
    this.#frame = frame;
    this.#parts = eventParts(frame, at);
    this.trigger = trigger;
    this.lastInBatch = lastInBatch;
  }

  get body(): Buffer {
    this.#body ??= this.#frame.subarray(this.#parts.body, this.#parts.end);
    return this.#body;
  }

  get size(): number {
    return this.#parts.end - this.#parts.body;
  }

  get method(): string {
    return this.#frame.toString('latin1', this.#parts.method, this.#parts.target);
  }

  get path(): string {
    const target = this.#targetText();
    const question = target.indexOf('?');
    return question < 0 ? target : target.slice(0, question);
  }

  get url(): string {
    return this.#given().url ?? `http://${this.getHeader('host') ?? ''}${this.#targetText()}`;
  }

  get timestamp(): Date {
    return new Date(this.#parts.timestamp);
  }

  get contentType(): string {
    return this.#given().contentType ?? this.getHeader('content-type') ?? '';
  }

  /** The same as contentType, under the name that Nuclio's Node.js wrapper gives it. */
  get content_type(): string {
    return this.contentType;
  }

  get id(): string {
    this.#id ??= this.#given().id ?? randomUUID();
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
    return { ...request, type, typeVersion, version, shardID, numShards, topic, offset, body: this.body.toString('base64') };
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
    this.#attributes ??= attributes === body ? {} : (JSON.parse(this.#frame.toString('utf8', attributes, body)) as EventAttributes);
    return this.#attributes;
  }

  #queryFields(): URLSearchParams {
    const target = this.#targetText();
    const question = target.indexOf('?');
    return new URLSearchParams(question < 0 ? '' : target.slice(question + 1));
  }

  #formFields(): URLSearchParams {
    const isForm = this.contentType.startsWith('application/x-www-form-urlencoded');
    return new URLSearchParams(isForm ? this.body.toString('utf8') : '');
  }
}
