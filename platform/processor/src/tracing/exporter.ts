import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '../logger.ts';
import { type Attributes, type Span, tracesBody } from './otlp.ts';

export interface ExporterOptions {
  url: string;
  /** Of all spans. */
  resource: Attributes;
  logger: Logger;
}

/** Spans that wait; those beyond are dropped. */
export const MAX_WAITING = 2048;
const BATCH = 512;
const INTERVAL_MS = 1000;
const TIMEOUT_MS = 10_000;
const LONGEST_PAUSE_MS = 30_000;
const MAX_REASON = 256;
/** The collector cannot take them now (https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes). */
const PASSING = new Set([429, 502, 503, 504]);

type Outcome = 'taken' | 'refused' | 'away';

/** Sends spans to a collector in batches. A collector that is away costs spans, never events. */
export class SpanExporter {
  readonly counts = { exported: 0, dropped: 0 };
  readonly #options: ExporterOptions;
  #waiting: Span[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #failures = 0;
  #isTroubled = false;
  readonly #stopped = new AbortController();

  constructor(options: ExporterOptions) {
    this.#options = options;
  }

  export(span: Span): void {
    if (this.#waiting.length >= MAX_WAITING || this.#stopped.signal.aborted) {
      this.counts.dropped += 1;
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= BATCH && this.#failures === 0) this.#send();
    else this.#schedule(INTERVAL_MS);
  }

  /** Sends what there is, at most for the given time. What cannot be sent is dropped. */
  async stop(limitMs: number): Promise<void> {
    clearTimeout(this.#timer);
    const limit = setTimeout(() => this.#stopped.abort(), limitMs);
    await this.#sending;
    while (this.#waiting.length > 0 && this.#failures === 0 && !this.#stopped.signal.aborted) {
      this.#send();
      await this.#sending;
    }
    clearTimeout(limit);
    clearTimeout(this.#timer);
    this.#stopped.abort();
    this.counts.dropped += this.#waiting.splice(0).length;
  }

  #schedule(waitMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#send();
    }, waitMs).unref();
  }

  #send(): void {
    this.#sending ??= this.#sendOne().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length === 0 || this.#stopped.signal.aborted) return;
      if (this.#failures === 0 && this.#waiting.length >= BATCH) this.#send();
      else this.#schedule(Math.min(INTERVAL_MS * 2 ** this.#failures, LONGEST_PAUSE_MS));
    });
  }

  async #sendOne(): Promise<void> {
    const spans = this.#waiting.slice(0, BATCH);
    if (spans.length === 0) return;
    const outcome = await this.#post(tracesBody(this.#options.resource, spans));
    if (outcome === 'away') {
      this.#failures += 1;
      return;
    }
    this.#failures = 0;
    this.#waiting.splice(0, spans.length);
    this.counts[outcome === 'taken' ? 'exported' : 'dropped'] += spans.length;
  }

  async #post(body: string): Promise<Outcome> {
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const response = await fetch(this.#options.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal });
      // It is read in any case, so that the connection can be used again.
      const text = await response.text();
      this.#note(response.ok ? undefined : `status ${response.status}: ${text.slice(0, MAX_REASON)}`);
      if (response.ok) return 'taken';
      return PASSING.has(response.status) ? 'away' : 'refused';
    } catch (error) {
      this.#note(messageOf(error));
      return 'away';
    }
  }

  /** One line when trouble begins and one when it is over. */
  #note(trouble: string | undefined): void {
    const { logger, url } = this.#options;
    if (trouble !== undefined && !this.#isTroubled) logger.warnWith('The collector does not take traces', { url, reason: trouble });
    else if (trouble === undefined && this.#isTroubled) logger.infoWith('The collector takes traces again', { url });
    this.#isTroubled = trouble !== undefined;
  }
}
