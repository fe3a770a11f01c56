import type { Answer } from './event.ts';

/** An answer that is kept as one text in ISO 8859-1, as a small one is written to its client. Head and body are made where they are asked for. */
export class ShortAnswer implements Answer {
  readonly status: number;
  readonly duration: number;
  readonly #text: string;
  readonly #headLength: number;
  #body: Buffer | undefined;

  constructor(status: number, duration: number, text: string, headLength: number) {
    this.status = status;
    this.duration = duration;
    this.#text = text;
    this.#headLength = headLength;
  }

  get head(): string {
    return this.#text.slice(0, this.#headLength);
  }

  get body(): Uint8Array {
    this.#body ??= Buffer.from(this.bodyText, 'latin1');
    return this.#body;
  }

  /** A character for each byte of the body. */
  get bodyText(): string {
    return this.#text.slice(this.#headLength);
  }
}
